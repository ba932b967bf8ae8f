-- Every agent enters as a person's browser of an unknown device; what each says follows.
insert into warehouse.dim_user_agent (
    ua_key,
    user_agent,
    ua_class,
    device_type,
    ruleset_version,
    loaded_at
)
select
    ua_key,
    user_agent,
    'HUMAN' as ua_class,
    'OTHER' as device_type,
    cast(:ruleset_version as smallint) as ruleset_version,
    cast(:now as timestamp) as loaded_at
from new_agent;
