-- One row per message that was submitted: its share in each measure, 0 or 1 unless it says otherwise. The formulas all
-- reports share:
--   attempted             accepted or rejected at submit; suppressed messages are in no measure but their own
--   sent                  accepted at least once; sent = delivered + failed + unresolved + unknown
--   submit_failed         attempted - sent
--   delivered, failed     sent, and the receipts say so
--   unresolved            sent, and the receipts leave it open: pending for 72 hours from sending, unknown after
--   unknown_state         sent, and the provider says it will never know
--   carrier_accepted_only sent, and the carrier took it, which is not delivered
--   clicked               at least one click by a person; clicked_delivered: and delivered
--   total_clicks          clicks by people, any number; bot_clicks: requests by machines
create or replace view reports.message_measure as
with message as (
    select
        *,
        submit_status <> 'SUPPRESSED' as is_counted,
        submit_status <> 'SUPPRESSED' and sent_at is not null as is_sent,
        submit_status <> 'SUPPRESSED' and human_clicks > 0 as is_clicked
    from warehouse.fact_message
    where not is_stub
)

select
    message_id,
    campaign_id,
    coalesce(variant_id, '-') as variant_id,
    recipient_key,
    coalesce(mcc_mnc, '-') as carrier,
    coalesce(provider, '-') as provider,
    message_category,
    cohort_at,
    cohort_date,
    cohort_date_report,
    sent_at,
    sent_date_report,
    sec_to_first_click,
    failure_category,
    final_error_code,
    failure_permanent,
    failed_at,
    case when is_counted then 0 else 1 end as suppressed,
    case when is_counted then 1 else 0 end as attempted,
    case when is_sent then 1 else 0 end as sent,
    case when is_counted and not is_sent then 1 else 0 end as submit_failed,
    case when is_sent and delivery_state = 'DELIVERED' then 1 else 0 end as delivered,
    case when is_sent and delivery_rank = 50 then 1 else 0 end as failed,
    case when is_sent and delivery_rank in (10, 20, 30) then 1 else 0 end as unresolved,
    case when is_sent and delivery_state = 'UNKNOWN' then 1 else 0 end as unknown_state,
    case
        when is_sent and delivery_state = 'CARRIER_ACCEPTED' then 1 else 0
    end as carrier_accepted_only,
    case when is_clicked then 1 else 0 end as clicked,
    case
        when is_clicked and is_sent and delivery_state = 'DELIVERED' then 1 else 0
    end as clicked_delivered,
    case when is_clicked and sec_to_first_click <= 86400 then 1 else 0 end as clicked_24h,
    case when is_clicked and sec_to_first_click <= 259200 then 1 else 0 end as clicked_72h,
    case when is_clicked and sec_to_first_click <= 604800 then 1 else 0 end as clicked_7d,
    case
        when is_clicked and sec_to_first_click <= cast(click_window_days as bigint) * 86400 then 1
        else 0
    end as clicked_in_window,
    case when is_counted then human_clicks else 0 end as total_clicks,
    case when is_counted then bot_clicks else 0 end as bot_clicks,
    case when is_counted and opted_out_at is not null then 1 else 0 end as opt_outs,
    case when is_counted and replied_at is not null then 1 else 0 end as replies,
    case when is_sent then segment_count else 0 end as segments_sent
from message;
