-- The rows of the messages, and what dim_delivery_error makes of their failure today.
select
    message.message_id,
    message.is_stub,
    message.campaign_id,
    message.variant_id,
    message.send_batch_id,
    message.recipient_id,
    message.recipient_key,
    message.sender_id,
    message.message_category,
    message.template_id,
    message.encoding,
    message.segment_count,
    message.link_token,
    message.link_url_id,
    message.provider,
    message.mcc_mnc,
    message.recipient_tz,
    message.follow_up_of_message_id,
    message.followed_up_at,
    message.attempts,
    message.submit_status,
    message.suppress_reason,
    message.first_submitted_at,
    message.sent_at,
    message.cohort_at,
    message.cohort_date,
    message.cohort_date_report,
    message.sent_date,
    message.sent_date_report,
    message.sent_hour_local,
    message.sent_dow_local,
    message.report_tz,
    message.click_window_days,
    message.optout_window_hours,
    message.first_receipt_at,
    message.carrier_accepted_at,
    message.delivered_at,
    message.failed_at,
    message.last_receipt_at,
    message.segments_delivered,
    message.segments_failed,
    message.delivery_state,
    message.delivery_rank,
    message.delivery_level,
    message.final_error_code,
    message.final_error_provider,
    message.failure_category,
    message.failure_permanent,
    message.receipts,
    message.conflicting_final,
    message.click_requests,
    message.bot_clicks,
    message.repeat_clicks,
    message.human_clicks,
    message.click_sessions,
    message.distinct_visitors,
    message.first_click_at,
    message.last_click_at,
    message.first_bot_click_at,
    message.sec_to_first_click,
    message.bot_ruleset_version,
    message.opted_out_at,
    message.replied_at,
    message.updated_at,
    coalesce(error.failure_category, any_provider.failure_category) as mapped_category,
    coalesce(error.description, any_provider.description) as mapped_description
from warehouse.fact_message as message
join traced_message
    on traced_message.message_id = message.message_id
left join warehouse.dim_delivery_error as error
    on error.provider = message.final_error_provider
    and error.error_code = coalesce(
        message.final_error_code,
        case
            when message.delivery_rank = 50 then 'state:' || message.delivery_state
            else 'state:NOT_ACCEPTED'
        end
    )
left join warehouse.dim_delivery_error as any_provider
    on any_provider.provider = '*'
    and any_provider.error_code = coalesce(
        message.final_error_code,
        case
            when message.delivery_rank = 50 then 'state:' || message.delivery_state
            else 'state:NOT_ACCEPTED'
        end
    )
where message.message_id >= :first_id
    and message.message_id < :end_id;
