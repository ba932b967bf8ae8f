-- What the rows of one range of days say by themselves. Facts are sorted by other things than arrival; what arrives on a day
-- occurred shortly before, so their blocks can be told by it all the same.
insert into hour_lateness
with arrived as (
    select
        object_in.arrival_hour,
        object_in.event_type,
        object_in.source,
        row_in.logged_at,
        cast(datediff(millisecond, row_in.occurred_at, row_in.logged_at) as float8) / 1000
            as lateness_s
    from warehouse.arrived_row as row_in
    join object_in
        on object_in.object_id = row_in.object_id
    where row_in.arrival_date between :first_date and :last_date
)

select
    arrival_hour,
    event_type,
    source,
    cast(sum(case when lateness_s > 3600 then 1 else 0 end) as bigint) as late_rows,
    percentile_cont(0.5) within group (order by cast(lateness_s as float8)) as p50_lateness_s,
    percentile_cont(0.95) within group (order by cast(lateness_s as float8)) as p95_lateness_s,
    max(lateness_s) as max_lateness_s,
    cast(sum(case when lateness_s < -5 then 1 else 0 end) as bigint) as clock_skew_rows,
    max(logged_at) as newest_logged_at
from arrived
group by arrival_hour, event_type, source;

insert into object_count
select
    kept.object_id,
    'rows_loaded' as measure,
    count(*) as counted
from warehouse.kept_row as kept
join object_in
    on object_in.object_id = kept.object_id
where kept.arrival_date between :first_date and :last_date
group by kept.object_id;

insert into object_count
with coded as (
    select
        object_id,
        provider,
        error_code
    from warehouse.fact_delivery_event
    where arrival_date between :first_date and :last_date
        and state_rank = 50
        and error_code is not null

    union all

    select
        object_id,
        provider,
        submit_error_code as error_code
    from warehouse.fact_submission
    where arrival_date between :first_date and :last_date
        and submit_status = 'REJECTED'
        and submit_error_code is not null
)

select
    coded.object_id,
    'unmapped_error_codes' as measure,
    count(*) as counted
from coded
join object_in
    on object_in.object_id = coded.object_id
left join warehouse.dim_delivery_error as error
    on error.provider = coded.provider
    and error.error_code = coded.error_code
left join warehouse.dim_delivery_error as any_provider
    on any_provider.provider = '*'
    and any_provider.error_code = coded.error_code
where error.provider is null
    and any_provider.provider is null
group by coded.object_id;

insert into object_count
with declared as (
    select distinct campaign_id
    from warehouse.dim_campaign
),

odd as (
    select
        submission.object_id,
        case
            when declared.campaign_id is null then 'unknown_campaigns'
            else 'undeclared_variants'
        end as measure
    from warehouse.fact_submission as submission
    join object_in
        on object_in.object_id = submission.object_id
    left join declared
        on declared.campaign_id = submission.campaign_id
    left join warehouse.dim_variant as variant
        on variant.campaign_id = submission.campaign_id
        and variant.variant_id = submission.variant_id
    where submission.arrival_date between :first_date and :last_date
        and (
            declared.campaign_id is null
            or (submission.variant_id is not null and variant.variant_id is null)
        )
)

select
    object_id,
    measure,
    count(*) as counted
from odd
group by object_id, measure;

-- What names no message.
insert into object_count
select
    click.object_id,
    'unknown_tokens' as measure,
    count(*) as counted
from warehouse.fact_click as click
join object_in
    on object_in.object_id = click.object_id
where click.arrival_date between :first_date and :last_date
    and click.message_id is null
group by click.object_id;

insert into object_count
with lone as (
    select object_id
    from warehouse.fact_delivery_event
    where arrival_date between :first_date and :last_date
        and message_id is null

    union all

    select object_id
    from warehouse.fact_click
    where arrival_date between :first_date and :last_date
        and message_id is null
)

select
    lone.object_id,
    'orphans' as measure,
    count(*) as counted
from lone
join object_in
    on object_in.object_id = lone.object_id
group by lone.object_id;

insert into named_prefix
with named as (
    select
        object_id,
        message_id
    from warehouse.fact_submission
    where arrival_date between :first_date and :last_date

    union all

    select
        object_id,
        message_id
    from warehouse.fact_delivery_event
    where arrival_date between :first_date and :last_date

    union all

    select
        object_id,
        message_id
    from warehouse.fact_click
    where arrival_date between :first_date and :last_date
)

select distinct left(named.message_id, 6) as id_prefix
from named
join object_in
    on object_in.object_id = named.object_id
where named.message_id is not null;
