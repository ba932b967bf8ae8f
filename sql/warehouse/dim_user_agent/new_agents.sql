-- One row per User-Agent of the batch that is not in the dimension.
create temp table new_agent (
    ua_key varchar(32),
    user_agent varchar(1024)
);

insert into new_agent
with seen as (
    select distinct
        ua_key,
        user_agent
    from warehouse.landed_click
    where arrival_date = :day
        and load_id in (select load_id from batch_load)
)

select
    seen.ua_key,
    seen.user_agent
from seen
left join warehouse.dim_user_agent as known
    on known.ua_key = seen.ua_key
where known.ua_key is null;
