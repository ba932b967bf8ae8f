-- Counts of one range of days.
insert into cohort
with message as (
    select
        measure.cohort_date_report,
        measure.campaign_id,
        measure.variant_id,
        measure.attempted,
        measure.suppressed,
        measure.submit_failed,
        measure.sent,
        measure.delivered,
        measure.failed,
        measure.carrier_accepted_only,
        measure.clicked,
        measure.clicked_delivered,
        measure.clicked_in_window,
        measure.total_clicks,
        measure.bot_clicks,
        measure.opt_outs,
        measure.replies,
        measure.segments_sent,
        measure.clicked - measure.clicked_delivered as clicked_without_receipt,
        measure.clicked_24h * measure.delivered as clicked_24h_delivered,
        measure.clicked_72h * measure.delivered as clicked_72h_delivered,
        measure.clicked_7d * measure.delivered as clicked_7d_delivered,
        case
            when
                measure.unresolved = 1
                and measure.sent_at > dateadd(hour, -72, cast(:as_of as timestamp))
                then 1
            else 0
        end as pending,
        case
            when measure.unknown_state = 1 then 1
            when
                measure.unresolved = 1
                and measure.sent_at <= dateadd(hour, -72, cast(:as_of as timestamp))
                then 1
            else 0
        end as unknown
    from reports.message_measure as measure
    left join due_cohort
        on due_cohort.campaign_id = measure.campaign_id
        and due_cohort.cohort_date_report = measure.cohort_date_report
    where measure.cohort_date between :first_cohort_date and :last_cohort_date
        and measure.cohort_date_report between :first_date and :last_date
        and measure.cohort_at <= :as_of
        and (
            measure.cohort_date_report >= :first_due_date
            or due_cohort.campaign_id is not null
        )
)

select
    cohort_date_report as sent_date_report,
    campaign_id,
    variant_id,
    cast(sum(attempted) as bigint) as attempted,
    cast(sum(suppressed) as bigint) as suppressed,
    cast(sum(submit_failed) as bigint) as submit_failed,
    cast(sum(sent) as bigint) as sent,
    cast(sum(delivered) as bigint) as delivered,
    cast(sum(failed) as bigint) as failed,
    cast(sum(pending) as bigint) as pending,
    cast(sum(unknown) as bigint) as unknown,
    cast(sum(carrier_accepted_only) as bigint) as carrier_accepted_only,
    cast(sum(clicked) as bigint) as clicked,
    cast(sum(clicked_delivered) as bigint) as clicked_delivered,
    cast(sum(clicked_without_receipt) as bigint) as clicked_without_receipt,
    cast(sum(clicked_24h_delivered) as bigint) as clicked_24h_delivered,
    cast(sum(clicked_72h_delivered) as bigint) as clicked_72h_delivered,
    cast(sum(clicked_7d_delivered) as bigint) as clicked_7d_delivered,
    cast(sum(clicked_in_window) as bigint) as clicked_in_window,
    cast(sum(total_clicks) as bigint) as total_clicks,
    cast(sum(bot_clicks) as bigint) as bot_clicks,
    cast(sum(opt_outs) as bigint) as opt_outs,
    cast(sum(replies) as bigint) as replies,
    cast(sum(segments_sent) as bigint) as segments_sent
from message
group by cohort_date_report, campaign_id, variant_id;
