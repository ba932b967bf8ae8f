-- One page of User-Agents, in the order of their keys.
select
    ua_key,
    user_agent,
    ua_class,
    browser,
    os,
    device_type,
    ruleset_version
from warehouse.dim_user_agent
where ua_key > :after
order by ua_key
limit 5000;
