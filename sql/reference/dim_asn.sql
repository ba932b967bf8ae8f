-- Networks whose clicks are told by where they come from: data centres, where nobody reads messages, and mobile carriers
-- that share one address among many subscribers.
-- Networks that people are brought out through are not here, however much of their traffic is servers': those of relays
-- (iCloud Private Relay leaves through Cloudflare 13335, Akamai 20940 and 36183 and Fastly 54113; Cloudflare is also WARP and
-- Edge's network) and of secure web gateways, which company phones are behind (Zscaler 62044, 22616 and 53813, Netskope
-- 55256, Cisco Umbrella 36692). A machine there is told by the other rules; a person who is taken for a machine is lost.
delete from warehouse.dim_asn;

insert into warehouse.dim_asn (asn, asn_kind, asn_name) values
    (16509, 'DATACENTER', 'Amazon'),
    (14618, 'DATACENTER', 'Amazon'),
    (8075, 'DATACENTER', 'Microsoft'),
    (15169, 'DATACENTER', 'Google'),
    (396982, 'DATACENTER', 'Google Cloud'),
    (19527, 'DATACENTER', 'Google'),
    (14061, 'DATACENTER', 'DigitalOcean'),
    (16276, 'DATACENTER', 'OVH'),
    (24940, 'DATACENTER', 'Hetzner'),
    (63949, 'DATACENTER', 'Akamai Linode'),
    (31898, 'DATACENTER', 'Oracle Cloud'),
    (36351, 'DATACENTER', 'IBM SoftLayer'),
    (45102, 'DATACENTER', 'Alibaba Cloud'),
    (132203, 'DATACENTER', 'Tencent Cloud'),
    (51167, 'DATACENTER', 'Contabo'),
    (12876, 'DATACENTER', 'Scaleway'),
    (60781, 'DATACENTER', 'Leaseweb'),
    (54825, 'DATACENTER', 'Equinix Metal'),
    (53667, 'DATACENTER', 'FranTech'),
    (8560, 'DATACENTER', 'IONOS'),
    (26496, 'DATACENTER', 'GoDaddy'),
    (22843, 'DATACENTER', 'Proofpoint'),
    (21928, 'OWN_CGNAT', 'T-Mobile USA'),
    (20057, 'OWN_CGNAT', 'AT&T Mobility'),
    (6167, 'OWN_CGNAT', 'Verizon Wireless'),
    (22394, 'OWN_CGNAT', 'Verizon Wireless'),
    (6430, 'OWN_CGNAT', 'U.S. Cellular'),
    (9246, 'OWN_CGNAT', 'IT&E Guam');
