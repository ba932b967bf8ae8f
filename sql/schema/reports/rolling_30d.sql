-- One row per scope: the messages sent in the thirty calendar days that end with report_date, in report_tz. Today, of
-- which only a part is known, stands apart in the columns today_*. The counts are the sums of reports.campaign_daily over
-- the window for campaigns whose own time zone is report_tz; a message of another campaign, sent within hours of the
-- window's ends, may count there under a day outside of it, or the other way round.
create table if not exists reports.rolling_30d (
    -- The last day of the window: yesterday in report_tz.
    report_date date not null,
    -- ALL, CAMPAIGN, CARRIER or CATEGORY.
    scope_type varchar(16) not null,
    -- The campaign, carrier (mcc_mnc, '-' when not known) or message category; '*' for ALL.
    scope_id varchar(64) not null,
    -- First day: report_date - 29.
    window_start date not null,
    -- Last day: report_date.
    window_end date not null,
    -- IANA time zone of these days. Thirty calendar days are 719 to 721 hours where clocks change.
    report_tz varchar(64) not null,
    -- COHORT: a message counts under its day of sending, and what came of it counts there.
    anchor varchar(16) not null,
    -- Messages handed to the network, accepted or not. attempted = sent + submit_failed.
    attempted bigint not null,
    -- Messages that were never accepted and whose latest attempt was not made: opted out, frequency cap, quiet hours,
    -- hold-out, invalid. In no other count.
    suppressed bigint not null,
    -- Messages that no attempt got accepted.
    submit_failed bigint not null,
    -- Messages accepted at least once. sent = delivered + failed + pending + unknown.
    sent bigint not null,
    -- Sent, and all parts delivered in one attempt, by receipt.
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
    -- Delivered messages with a click by a person: the numerator of ctr.
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
    -- Clicks by people, repeats within two seconds not counted.
    total_clicks bigint not null,
    -- Requests by machines.
    bot_clicks bigint not null,
    -- Messages an opt-out is put down to.
    opt_outs bigint not null,
    -- Messages that were answered with something else than STOP.
    replies bigint not null,
    -- Parts that the sent messages had.
    segments_sent bigint not null,
    -- Different recipients (recipient_key) of sent messages. Not to be summed over scopes or windows.
    recipients_exact bigint not null,
    -- Different recipients whose messages a person clicked. Not to be summed.
    unique_clickers bigint not null,
    -- delivered / sent.
    delivery_rate decimal(18, 6),
    -- delivered / (delivered + failed): of the messages whose fate is known. Read it with dlr_coverage.
    delivery_rate_final decimal(18, 6),
    -- (delivered + failed) / sent: the share of messages whose fate is known.
    dlr_coverage decimal(18, 6),
    -- clicked_delivered / delivered, 0 to 1; clicks count however late they come.
    ctr decimal(18, 6),
    -- clicked_72h_delivered / delivered. Messages younger than 72 hours, sent on the last two or three days of the window, are
    -- in the denominator and may yet be clicked: where they are a share s of delivered, this is at least 1 - s times what the
    -- older ones reached, a tenth less when sending is even. reports.ab_variant leaves them out.
    ctr_72h decimal(18, 6),
    -- sent / recipients_exact.
    msgs_per_recipient decimal(18, 6),
    -- opt_outs / delivered.
    optout_rate decimal(18, 6),
    -- sent of the thirty days before.
    prev_sent bigint not null,
    -- delivered of the thirty days before.
    prev_delivered bigint not null,
    -- clicked_delivered of the thirty days before.
    prev_clicked_delivered bigint not null,
    -- prev_clicked_delivered / prev_delivered: its messages had thirty days more for clicks, which ctr and delta_pp do not
    -- allow for. ctr_72h and prev_ctr_72h differ by the last days' messages alone.
    prev_ctr decimal(18, 6),
    -- ctr_72h of the thirty days before, whose messages have all had their 72 hours.
    prev_ctr_72h decimal(18, 6),
    -- ctr - prev_ctr: 0.01 is one percentage point.
    delta_pp decimal(18, 6),
    -- (sent - prev_sent) / prev_sent.
    delta_pct decimal(18, 6),
    -- attempted of today up to as_of; in no other column.
    today_attempted bigint not null,
    -- sent of today up to as_of.
    today_sent bigint not null,
    -- delivered of today up to as_of.
    today_delivered bigint not null,
    -- clicked of today up to as_of.
    today_clicked bigint not null,
    -- When the newest submission of the window was logged, UTC.
    source_watermark timestamp,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (report_date, scope_type, scope_id);
