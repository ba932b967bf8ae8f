-- The rules in the order in which they are tried; the first that applies names the class. Whoever changes a rule, or the
-- list of crawlers, counts ruleset_version up; `sms-warehouse reclassify` applies it to the clicks there are.
delete from warehouse.dim_bot_rule;

insert into warehouse.dim_bot_rule (rule_order, click_class, threshold, meaning, ruleset_version) values
    (1, 'NON_GET', null, 'the method is not GET: nobody taps a HEAD', 1),
    (2, 'PREFETCH', null, 'Sec-Purpose, Purpose, X-Purpose or X-Moz says that nobody looks at the answer yet', 1),
    (3, 'EMPTY_UA', null, 'no User-Agent: every browser sends one', 1),
    (4, 'UA_BOT', null, 'the User-Agent names a crawler, a scanner or a programming library', 1),
    (5, 'UA_PREVIEW', null, 'the User-Agent names a service that shows previews of links', 1),
    (6, 'INVALID_TOKEN', null, 'no message has this link: it was guessed or mistyped', 1),
    (7, 'DATACENTER_ASN', null, 'the address belongs to a data centre', 1),
    (8, 'TOO_FAST', 2, 'asked for less than so many seconds after the message was sent', 1),
    (9, 'IP_SWEEP', 20, 'one address, at least so many links in ten minutes of the clock; addresses that a carrier shares out are exempt', 1),
    (10, 'RATE', 30, 'one link, more than so many requests in ten minutes of the clock', 1),
    (11, 'HUMAN', null, 'none of these', 1);
