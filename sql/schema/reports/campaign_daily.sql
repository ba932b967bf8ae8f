-- One row per day of sending, campaign and variant: every count that can be summed over days, campaigns and variants.
-- A message counts under the day it was first accepted (or, never accepted, first tried), in its campaign's time zone,
-- and stays there: a click of a later day counts under the day of the message it belongs to. First clicks within 24 hours,
-- 72 hours and 7 days are counted of delivered messages, as their rates are made of them; reports.message_measure has those
-- of all messages. Time to click is told from sending alone: times of delivery often come without seconds.
create table if not exists reports.campaign_daily (
    -- Day of sending in the campaign's time zone; for messages that were never accepted, of the first attempt. The zone is
    -- warehouse.campaign_setting.report_tz, UTC for a campaign that is not there: days of campaigns of different zones are
    -- not the same hours.
    sent_date_report date not null,
    -- The campaign.
    campaign_id varchar(64) not null,
    -- '-' for messages without a variant.
    variant_id varchar(64) not null,
    -- Messages handed to the network, accepted or not; suppressed ones are not among them. attempted = sent + submit_failed.
    attempted bigint not null,
    -- Messages that were never accepted and whose latest attempt was not made: opted out, frequency cap, quiet hours,
    -- hold-out, invalid. In no other count.
    suppressed bigint not null,
    -- Messages that no attempt got accepted.
    submit_failed bigint not null,
    -- Messages accepted at least once. sent = delivered + failed + pending + unknown.
    sent bigint not null,
    -- Sent, and all parts delivered in one attempt.
    delivered bigint not null,
    -- Sent, and the last attempt's receipts say undelivered, expired, rejected, deleted or failed.
    failed bigint not null,
    -- Sent less than 72 hours before as_of, and no final receipt yet.
    pending bigint not null,
    -- Sent 72 hours or more before as_of without a final receipt, or the provider says it will never know.
    unknown bigint not null,
    -- Sent, and the carrier took it: part of pending or unknown, never of delivered.
    carrier_accepted_only bigint not null,
    -- Messages with a click by a person.
    clicked bigint not null,
    -- Delivered messages with a click by a person: the numerator of the click-through rate.
    clicked_delivered bigint not null,
    -- Messages with a click by a person and no receipt of delivery: clicked - clicked_delivered.
    clicked_without_receipt bigint not null,
    -- Delivered messages whose first click by a person came within 24 hours of sending.
    clicked_24h_delivered bigint not null,
    -- Delivered messages whose first click by a person came within 72 hours of sending.
    clicked_72h_delivered bigint not null,
    -- Delivered messages whose first click by a person came within 7 days of sending.
    clicked_7d_delivered bigint not null,
    -- Messages whose first click by a person came within the campaign's click_window_days.
    clicked_in_window bigint not null,
    -- Clicks by persons, repeats within two seconds not counted.
    total_clicks bigint not null,
    -- Requests by machines.
    bot_clicks bigint not null,
    -- Messages an opt-out is put down to.
    opt_outs bigint not null,
    -- Messages that were answered with something else than STOP.
    replies bigint not null,
    -- Parts that the sent messages had.
    segments_sent bigint not null,
    -- Whether the day is more than 30 days before the day of the last refresh's clock: its counts stand, and a later change
    -- restates them.
    is_final boolean not null,
    -- How often a refresh changed a count of this row after it had become final; a row that first appears then begins
    -- with 1. It depends on when reports were refreshed. A row whose messages have all gone elsewhere goes too.
    restated_count integer not null,
    -- The clock for which the row was counted, UTC. An older day stands as it was counted until a message of its is worked
    -- out again; what every row agrees with is the clock in control.report_refresh.
    as_of timestamp not null
)
diststyle all
sortkey (sent_date_report, campaign_id);
