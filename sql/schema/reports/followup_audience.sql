-- One row per campaign and recipient with a marketing message of the last 14 days: what to do about the latest of these
-- messages, and whether it may be done now. Suppressed and SERVICE messages are not looked at. For planning: refreshed once
-- an hour, so rows are mostly past fresh_until, and computed_at says how old they are. Before anybody is contacted a row
-- past fresh_until has to be computed anew, as `sms-warehouse follow-up export` does for every list it hands over.
create table if not exists reports.followup_audience (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- Who had the line when the message was first submitted.
    recipient_key varchar(96) not null,
    -- Their latest message of the campaign: last sent (or, never accepted, first tried); of several the greatest id.
    message_id varchar(26) not null,
    -- What to do: of the first rule of reports.follow_up_rule that fits.
    action varchar(32) not null,
    -- Why, as the rule says.
    reason varchar(256) not null,
    -- The rule that decided.
    rule_order integer not null,
    -- Earliest time it may be done, not before computed_at, UTC. Moved out of the quiet hours of
    -- reports.follow_up_setting in the time zone the message names for its recipient, else in the campaign's. NULL where
    -- nothing is to be done.
    eligible_from timestamp,
    -- When it stops making sense, UTC: valid_hours of the rule after its conditions came to fit (after the last click or
    -- answer for a rule about them; else after delivery, failure, or the 72 hours without a receipt, whichever the rule is
    -- about; not before min_age_hours), but not after max_age_hours. NULL for no limit.
    eligible_until timestamp,
    -- Which rows to act on first, as the rule says: 1 before 2.
    priority integer not null,
    -- Whether it may be done at computed_at: something is to be done, and suppression_reason is NULL.
    is_eligible_now boolean not null,
    -- Why a recipient may not be contacted now, the first that applies. LINE_ENDED: the line was deactivated or given to
    -- someone else. OPTED_OUT: an opt-out holds, as in reports.refusal. NO_CONSENT: not confirmed yet, or not given since the line changed hands;
    -- recipients no consent is known of may be contacted. FOLLOWED_UP: a later message follows this one up already.
    -- EXPORTED: handed over already. FREQUENCY_CAP. EXPIRED: eligible_until is over, or will be before eligible_from.
    -- QUIET_HOURS. NULL for actions without contact, but EXPIRED applies to them too.
    suppression_reason varchar(16),
    -- The clock of the refresh, UTC.
    computed_at timestamp not null,
    -- Until when the row may be acted on, UTC; after that compute it anew.
    fresh_until timestamp not null
)
distkey (recipient_key)
sortkey (campaign_id, recipient_key);
