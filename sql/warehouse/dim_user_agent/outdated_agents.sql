-- The agents of a day's requests that were classified by other rules than today's.
create temp table new_agent (
    ua_key varchar(32),
    user_agent varchar(1024)
);

insert into new_agent
select
    agent.ua_key,
    agent.user_agent
from warehouse.dim_user_agent as agent
where agent.ruleset_version <> :ruleset_version
    and agent.ua_key in (
        select ua_key
        from warehouse.fact_click
        where arrival_date = :day
    );

update warehouse.dim_user_agent
set
    ruleset_version = cast(:ruleset_version as smallint),
    loaded_at = cast(:now as timestamp)
from new_agent
where new_agent.ua_key = dim_user_agent.ua_key;
