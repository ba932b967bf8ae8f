delete from reports.delivery_failure_daily;

-- The last 35 days of sending. A message whose receipt gave no code counts under '-'.
insert into reports.delivery_failure_daily (
    sent_date_report,
    carrier,
    carrier_name,
    provider,
    failure_category,
    error_code,
    messages,
    sent,
    pct_of_sent,
    permanent_messages,
    distinct_recipients,
    first_seen,
    last_seen,
    as_of
)
with message as (
    select
        sent_date_report,
        carrier,
        final_error_provider as provider,
        recipient_key,
        failure_category,
        coalesce(final_error_code, '-') as error_code,
        failure_permanent,
        failed_at,
        failed,
        sent
    from reports.message_measure
    where cohort_date >= :first_failure_cohort_date
        and sent_date_report >= :first_failure_date
        and sent_at <= :as_of
        and sent = 1
),

day_sent as (
    select
        sent_date_report,
        carrier,
        count(*) as sent
    from message
    group by sent_date_report, carrier
),

failure as (
    select
        sent_date_report,
        carrier,
        provider,
        failure_category,
        error_code,
        count(*) as messages,
        cast(sum(case when failure_permanent then 1 else 0 end) as bigint) as permanent_messages,
        count(distinct recipient_key) as distinct_recipients,
        min(failed_at) as first_seen,
        max(failed_at) as last_seen
    from message
    where failed = 1
    group by sent_date_report, carrier, provider, failure_category, error_code
)

select
    failure.sent_date_report,
    failure.carrier,
    network.carrier_name,
    failure.provider,
    failure.failure_category,
    failure.error_code,
    failure.messages,
    day_sent.sent,
    round(cast(failure.messages as float8) / nullif(day_sent.sent, 0), 6) as pct_of_sent,
    failure.permanent_messages,
    failure.distinct_recipients,
    failure.first_seen,
    failure.last_seen,
    cast(:as_of as timestamp) as as_of
from failure
join day_sent
    on day_sent.sent_date_report = failure.sent_date_report
    and day_sent.carrier = failure.carrier
left join warehouse.dim_carrier as network
    on network.mcc_mnc = failure.carrier;
