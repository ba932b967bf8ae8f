-- One row per campaign and variant, and one with variant '*' for the campaign: its messages of the last 400 days.
create table if not exists reports.campaign_performance (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The variant; '*' for the whole campaign, '-' for its messages without a variant.
    variant_id varchar(64) not null,
    -- Its current name; NULL for a campaign nobody declared.
    campaign_name varchar(2048),
    -- BLAST, JOURNEY or TRIGGERED.
    campaign_type varchar(32),
    -- First message that was accepted, UTC.
    first_sent_at timestamp,
    -- Last message that was accepted, UTC.
    last_sent_at timestamp,
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
    -- delivered / sent.
    delivery_rate decimal(18, 6),
    -- delivered / (delivered + failed): of the messages whose fate is known. Read it with dlr_coverage.
    delivery_rate_final decimal(18, 6),
    -- (delivered + failed) / sent: the share of messages whose fate is known.
    dlr_coverage decimal(18, 6),
    -- Messages with a click by a person.
    clicked bigint not null,
    -- Delivered messages with a click by a person: the numerator of ctr.
    clicked_delivered bigint not null,
    -- Messages with a click by a person and no receipt of delivery: clicked - clicked_delivered.
    clicked_without_receipt bigint not null,
    -- Messages whose first click by a person came within the campaign's click_window_days.
    clicked_in_window bigint not null,
    -- Clicks by people, repeats within two seconds not counted.
    total_clicks bigint not null,
    -- Requests by machines.
    bot_clicks bigint not null,
    -- bot_clicks / (bot_clicks + total_clicks).
    bot_share decimal(18, 6),
    -- clicked_delivered / delivered, 0 to 1; clicks count however late they come.
    ctr decimal(18, 6),
    -- clicked / sent: above 1 where messages that no attempt got accepted were clicked all the same.
    ctr_sent decimal(18, 6),
    -- Delivered messages first clicked by a person within 24 hours of sending / delivered, younger ones among them.
    ctr_24h decimal(18, 6),
    -- Delivered messages first clicked by a person within 72 hours of sending / delivered. Delivered messages younger than
    -- that are in the denominator and may yet be clicked: where they are a share s of delivered, this is at least 1 - s times
    -- what the older ones reached. reports.ab_variant leaves them out.
    ctr_72h decimal(18, 6),
    -- Delivered messages first clicked by a person within 7 days of sending / delivered, younger ones among them.
    ctr_7d decimal(18, 6),
    -- total_clicks / clicked.
    clicks_per_clicker decimal(18, 6),
    -- Median seconds from sending to a message's first click by a person; NULL without clicks.
    median_sec_to_click double precision,
    -- Nine of ten clicked messages were first clicked within so many seconds of sending.
    p90_sec_to_click double precision,
    -- Messages an opt-out is put down to.
    opt_outs bigint not null,
    -- opt_outs / delivered.
    optout_rate decimal(18, 6),
    -- Messages that were answered with something else than STOP.
    replies bigint not null,
    -- Parts that the sent messages had.
    segments_sent bigint not null,
    -- segments_sent / sent.
    segments_per_msg decimal(18, 6),
    -- ctr_72h / the median ctr_72h of campaigns of its type that began in the last 90 days, 72 hours or more before as_of;
    -- above 1 is better than usual, NULL where there are none. A campaign that goes on sending reads low, as its ctr_72h
    -- does, here and in the median; and a campaign that began then is itself one of those the median is of, so that the only
    -- one of its type has 1.
    score_vs_baseline decimal(18, 6),
    -- Whether its last message was sent more than 7 days before as_of, so that its rates hardly change any more.
    is_mature boolean not null,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);
