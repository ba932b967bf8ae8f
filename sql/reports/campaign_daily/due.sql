-- The last days, and those that were the last when the report was refreshed before, are worked out again, since pending
-- turns into unknown and clicks keep coming; of older days only those of campaigns whose messages were worked out again.
create temp table due_cohort (
    campaign_id varchar(64),
    cohort_date_report date
);

insert into due_cohort
select distinct
    campaign_id,
    cohort_date_report
from control.taken_cohort
where cohort_date_report < :first_due_date;

delete from control.taken_cohort;

create temp table cohort (
    sent_date_report date,
    campaign_id varchar(64),
    variant_id varchar(64),
    attempted bigint,
    suppressed bigint,
    submit_failed bigint,
    sent bigint,
    delivered bigint,
    failed bigint,
    pending bigint,
    unknown bigint,
    carrier_accepted_only bigint,
    clicked bigint,
    clicked_delivered bigint,
    clicked_without_receipt bigint,
    clicked_24h_delivered bigint,
    clicked_72h_delivered bigint,
    clicked_7d_delivered bigint,
    clicked_in_window bigint,
    total_clicks bigint,
    bot_clicks bigint,
    opt_outs bigint,
    replies bigint,
    segments_sent bigint
);
