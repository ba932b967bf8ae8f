-- One row per failed message of these days whose failure the mapping of today may explain otherwise. Where the mapping
-- leaves open whether a failure is permanent, the receipts decide.
create temp table remapped_failure (
    message_id varchar(26),
    campaign_id varchar(64),
    cohort_date_report date,
    provider varchar(64),
    error_code varchar(64),
    final_error_code varchar(32),
    category_before varchar(32),
    category_after varchar(32),
    permanent_before boolean,
    permanent_after boolean,
    is_open boolean
)
distkey (message_id);

insert into remapped_failure
with failed as (
    select
        message_id,
        campaign_id,
        cohort_date_report,
        final_error_provider as provider,
        final_error_code,
        failure_category,
        failure_permanent,
        coalesce(
            final_error_code,
            case
                when delivery_rank = 50 then 'state:' || delivery_state
                else 'state:NOT_ACCEPTED'
            end
        ) as error_code
    from warehouse.fact_message
    where cohort_date between :first_date and :last_date
        and failure_category is not null
),

mapped as (
    select
        failed.message_id,
        failed.campaign_id,
        failed.cohort_date_report,
        failed.provider,
        failed.error_code,
        failed.final_error_code,
        failed.failure_category as category_before,
        coalesce(error.failure_category, any_provider.failure_category, 'UNKNOWN')
            as category_after,
        failed.failure_permanent as permanent_before,
        coalesce(error.is_permanent, any_provider.is_permanent) as permanent_after
    from failed
    left join warehouse.dim_delivery_error as error
        on error.provider = failed.provider
        and error.error_code = failed.error_code
    left join warehouse.dim_delivery_error as any_provider
        on any_provider.provider = '*'
        and any_provider.error_code = failed.error_code
)

select
    message_id,
    campaign_id,
    cohort_date_report,
    provider,
    error_code,
    final_error_code,
    category_before,
    category_after,
    permanent_before,
    permanent_after,
    permanent_after is null as is_open
from mapped
where category_before <> category_after
    or (permanent_before is not null and permanent_after is null)
    or (permanent_before is null and permanent_after is not null)
    or permanent_before <> permanent_after;

-- One row per such message that the mapping leaves open, and what its receipts of this failure say: 1 permanent, 0 not, -1
-- nothing.
create temp table said_failure (
    message_id varchar(26),
    lowest integer,
    highest integer
)
distkey (message_id);
