-- One row per mobile network whose country is not what recipients of it were given.
select
    recipient.home_carrier as mcc_mnc,
    recipient.country as country_before,
    carrier.country as country_after,
    count(*) as recipients
from warehouse.dim_recipient as recipient
left join warehouse.dim_carrier as carrier
    on carrier.mcc_mnc = recipient.home_carrier
where recipient.home_carrier is not null
    and coalesce(recipient.country, '') <> coalesce(carrier.country, '')
group by recipient.home_carrier, recipient.country, carrier.country
order by count(*) desc, recipient.home_carrier, recipient.country;
