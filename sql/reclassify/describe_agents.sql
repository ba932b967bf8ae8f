-- The User-Agents that say something else by today's lists, or were described by another version of the rules.
create temp table new_agent (
    ua_key varchar(32),
    user_agent varchar(1024)
);

insert into new_agent
select
    agent.ua_key,
    agent.user_agent
from warehouse.dim_user_agent as agent
join outdated_agent
    on outdated_agent.ua_key = agent.ua_key;

update warehouse.dim_user_agent
set
    ruleset_version = cast(:ruleset_version as smallint),
    loaded_at = cast(:now as timestamp)
from new_agent
where new_agent.ua_key = dim_user_agent.ua_key;
