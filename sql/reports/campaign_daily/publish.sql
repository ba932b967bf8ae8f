-- What was final and reads differently now is restated, and says so. Older days that are not due stand as they are: they
-- were final when they were last counted, since the last days reach back further than those that are not final yet.
create temp table restated (
    sent_date_report date,
    campaign_id varchar(64),
    variant_id varchar(64),
    restated_count integer
);

insert into restated
select
    standing.sent_date_report,
    standing.campaign_id,
    standing.variant_id,
    case
        when not standing.is_final then standing.restated_count
        when
            standing.attempted <> coalesce(cohort.attempted, 0)
            or standing.suppressed <> coalesce(cohort.suppressed, 0)
            or standing.submit_failed <> coalesce(cohort.submit_failed, 0)
            or standing.sent <> coalesce(cohort.sent, 0)
            or standing.delivered <> coalesce(cohort.delivered, 0)
            or standing.failed <> coalesce(cohort.failed, 0)
            or standing.pending <> coalesce(cohort.pending, 0)
            or standing.unknown <> coalesce(cohort.unknown, 0)
            or standing.carrier_accepted_only <> coalesce(cohort.carrier_accepted_only, 0)
            or standing.clicked <> coalesce(cohort.clicked, 0)
            or standing.clicked_delivered <> coalesce(cohort.clicked_delivered, 0)
            or standing.clicked_without_receipt <> coalesce(cohort.clicked_without_receipt, 0)
            or standing.clicked_24h_delivered <> coalesce(cohort.clicked_24h_delivered, 0)
            or standing.clicked_72h_delivered <> coalesce(cohort.clicked_72h_delivered, 0)
            or standing.clicked_7d_delivered <> coalesce(cohort.clicked_7d_delivered, 0)
            or standing.clicked_in_window <> coalesce(cohort.clicked_in_window, 0)
            or standing.total_clicks <> coalesce(cohort.total_clicks, 0)
            or standing.bot_clicks <> coalesce(cohort.bot_clicks, 0)
            or standing.opt_outs <> coalesce(cohort.opt_outs, 0)
            or standing.replies <> coalesce(cohort.replies, 0)
            or standing.segments_sent <> coalesce(cohort.segments_sent, 0)
            then standing.restated_count + 1
        else standing.restated_count
    end as restated_count
from reports.campaign_daily as standing
left join cohort
    on cohort.sent_date_report = standing.sent_date_report
    and cohort.campaign_id = standing.campaign_id
    and cohort.variant_id = standing.variant_id
left join due_cohort
    on due_cohort.campaign_id = standing.campaign_id
    and due_cohort.cohort_date_report = standing.sent_date_report
where standing.sent_date_report >= :first_due_date
    or due_cohort.campaign_id is not null;

delete from reports.campaign_daily
using restated
where restated.sent_date_report = campaign_daily.sent_date_report
    and restated.campaign_id = campaign_daily.campaign_id
    and restated.variant_id = campaign_daily.variant_id;

insert into reports.campaign_daily (
    sent_date_report,
    campaign_id,
    variant_id,
    attempted,
    suppressed,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown,
    carrier_accepted_only,
    clicked,
    clicked_delivered,
    clicked_without_receipt,
    clicked_24h_delivered,
    clicked_72h_delivered,
    clicked_7d_delivered,
    clicked_in_window,
    total_clicks,
    bot_clicks,
    opt_outs,
    replies,
    segments_sent,
    is_final,
    restated_count,
    as_of
)
select
    cohort.sent_date_report,
    cohort.campaign_id,
    cohort.variant_id,
    cohort.attempted,
    cohort.suppressed,
    cohort.submit_failed,
    cohort.sent,
    cohort.delivered,
    cohort.failed,
    cohort.pending,
    cohort.unknown,
    cohort.carrier_accepted_only,
    cohort.clicked,
    cohort.clicked_delivered,
    cohort.clicked_without_receipt,
    cohort.clicked_24h_delivered,
    cohort.clicked_72h_delivered,
    cohort.clicked_7d_delivered,
    cohort.clicked_in_window,
    cohort.total_clicks,
    cohort.bot_clicks,
    cohort.opt_outs,
    cohort.replies,
    cohort.segments_sent,
    cohort.sent_date_report < :final_before as is_final,
    coalesce(
        restated.restated_count,
        case when cohort.sent_date_report < cast(:published_before as date) then 1 else 0 end
    ) as restated_count,
    cast(:as_of as timestamp) as as_of
from cohort
left join restated
    on restated.sent_date_report = cohort.sent_date_report
    and restated.campaign_id = cohort.campaign_id
    and restated.variant_id = cohort.variant_id;
