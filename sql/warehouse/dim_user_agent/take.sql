-- Most are people's browsers; which are not follows one by one.
insert into warehouse.dim_user_agent (ua_key, user_agent, ua_class, ruleset_version, loaded_at)
select
    ua_key,
    user_agent,
    'HUMAN' as ua_class,
    cast(:ruleset_version as smallint) as ruleset_version,
    cast(:now as timestamp) as loaded_at
from new_agent;
