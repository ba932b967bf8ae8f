-- One row per message that was submitted: its share in each measure, 0 or 1 unless it says otherwise. All reports share these
-- formulas.
--   message_id             the message
--   campaign_id            the campaign
--   variant_id             the variant; '-' without one
--   recipient_key          who had the line when it was first submitted
--   carrier                mcc_mnc of the recipient's carrier; '-' when not known
--   provider               SMSC or gateway; '-' when not known
--   message_category       MARKETING or SERVICE
--   cohort_at              when it was first accepted or, never accepted, first tried, UTC
--   cohort_date            UTC day of cohort_at: select by it
--   cohort_date_report     day of cohort_at in the campaign's time zone
--   sent_at                when it was first accepted, UTC; NULL when it never was
--   sent_date_report       day of sent_at in the campaign's time zone
--   sent_dow_local         weekday of sent_at in the recipient's time zone, 0 is Sunday; NULL when the zone is not known
--   sent_hour_local        hour of sent_at in the recipient's time zone, 0 to 23; NULL when the zone is not known
--   sec_to_first_click     seconds from sent_at to the first click by a person; NULL without one
--   failure_category       why it failed; NULL unless it did
--   final_error_code       the provider's code of the failure; NULL without one
--   final_error_provider   whose code it is: the provider that said that it failed; NULL unless it did
--   failure_permanent      whether trying again is of no use; NULL when nobody says
--   failed_at              last receipt of a failure, UTC
--   suppressed             1 when it was never accepted and the latest attempt was not made, on purpose; such a message is
--                          0 in every other measure
--   attempted              handed to the network and not suppressed; attempted = sent + submit_failed
--   sent                   accepted at least once; sent = delivered + failed + unresolved + unknown_state
--   submit_failed          attempted and never accepted
--   delivered              sent, and all parts delivered in one attempt
--   failed                 sent, and the last attempt's receipts say undelivered, expired, rejected, deleted or failed
--   unresolved             sent, and the receipts leave it open: pending for 72 hours from sending, unknown after
--   unknown_state          sent, and the provider says it will never know
--   carrier_accepted_only  sent, and the carrier took it, which is not delivered
--   clicked                at least one click by a person
--   clicked_delivered      clicked, and delivered
--   clicked_24h            clicked, for the first time within 24 hours of sending
--   clicked_72h            clicked, for the first time within 72 hours of sending
--   clicked_7d             clicked, for the first time within 7 days of sending
--   clicked_in_window      clicked, for the first time within the campaign's click_window_days
--   total_clicks           clicks by people, any number
--   bot_clicks             requests by machines, any number
--   opt_outs               an opt-out is put down to it
--   replies                it was answered with something else than STOP
--   segments_sent          parts, when it was sent
create or replace view reports.message_measure as
with message as (
    select
        *,
        sent_at is not null as is_sent,
        -- What was accepted once was sent, though a further attempt was not made.
        submit_status <> 'SUPPRESSED' or sent_at is not null as is_counted
    from warehouse.fact_message
    where not is_stub
),

clicked_message as (
    select
        *,
        is_counted and human_clicks > 0 as is_clicked
    from message
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
    sent_dow_local,
    sent_hour_local,
    sec_to_first_click,
    failure_category,
    final_error_code,
    final_error_provider,
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
from clicked_message;
