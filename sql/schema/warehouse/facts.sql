-- Facts and dimensions. Keys are natural ids and every derived column depends on the set of events alone, so that loads
-- applied in any order give the same rows; only loaded_at and updated_at tell when we worked.

create schema if not exists warehouse;

-- One row per event, sorted by message: a message id begins with the time it was made, so a range of ids is a range of
-- time, and recomputing some messages reads only the blocks they are in.

-- One row per attempt to hand a message to the network, or decision not to, as the sender reported it.
create table if not exists warehouse.fact_submission (
    -- Minted once by the service when it happened; of several copies of an event one row is kept. Copies whose event_date
    -- differs count as two events: that takes a clock which is wrong by more than five minutes in one of them.
    event_id varchar(36) not null,
    -- The message: one to one recipient. The id tells when it was made, and sorting by it sorts by time.
    message_id varchar(26) not null,
    -- 1, and one more for each time the platform tried again.
    attempt_no smallint not null,
    -- ACCEPTED by the network, REJECTED by it, or SUPPRESSED: never tried.
    submit_status varchar(32) not null,
    -- Why the network refused it, in the provider's code; NULL otherwise.
    submit_error_code varchar(32),
    -- Why it was never tried: OPTED_OUT, FREQ_CAP, QUIET_HOURS, HOLDOUT or INVALID; NULL otherwise.
    suppress_reason varchar(32),
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The variant of the campaign's test; NULL without a test.
    variant_id varchar(64),
    -- One blast or one step of a journey.
    send_batch_id varchar(64),
    -- The message this one reminds of; NULL for a first message.
    follow_up_of_message_id varchar(26),
    -- Subscriber line, a surrogate of the phone number. A line may change hands: see recipient_key of
    -- warehouse.fact_message.
    recipient_id varchar(64) not null,
    -- Keyed HMAC of the phone number; NULL once the person was erased.
    msisdn_token varchar(64),
    -- Short code or ten-digit long code.
    sender_id varchar(64) not null,
    -- MARKETING or SERVICE.
    message_category varchar(32) not null,
    -- The text's template; the text itself is never logged.
    template_id varchar(64),
    -- GSM7 (160 characters, 153 a part) or UCS2 (70, 67 a part).
    encoding varchar(32) not null,
    -- Parts the network will carry and charge for.
    segment_count smallint not null,
    -- Token in the message's URL, unique to the message; case counts. NULL without a link.
    link_token varchar(64),
    -- The destination behind the token.
    link_url_id varchar(64),
    -- The SMSC or gateway.
    provider varchar(64) not null,
    -- The provider's id of the message.
    provider_message_id varchar(64),
    -- Mobile country and network code of the recipient's carrier, leading zeros kept; NULL when not looked up.
    mcc_mnc varchar(6),
    -- IANA time zone of the recipient; NULL when not known.
    recipient_tz varchar(64),
    -- When it was meant to go out, UTC; NULL for at once.
    scheduled_at timestamp,
    -- When it happened, UTC; when it was logged, for an event that claims to be more than five minutes ahead of that.
    occurred_at timestamp not null,
    -- When the service wrote the line, UTC.
    received_at timestamp not null,
    -- UTC day of occurred_at.
    event_date date not null,
    -- MD5 over the event's fields: of copies that differ the one logged first stays, and then the smallest hash.
    content_hash varchar(32) not null,
    -- SHA-256 over bucket, key, ETag and size of the object the row came from; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within that object, from 1.
    line_number bigint not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per receipt for one part of a message and one state.
create table if not exists warehouse.fact_delivery_event (
    -- Minted once by the service when it happened; of several copies of an event one row is kept. Copies whose event_date
    -- differs count as two events: that takes a clock which is wrong by more than five minutes in one of them.
    event_id varchar(36) not null,
    -- The message; NULL when the gateway could not resolve the provider's id.
    message_id varchar(26),
    -- The attempt it belongs to; 1 when the receipt does not say.
    attempt_no smallint not null,
    -- The part, from 1; NULL for the whole message.
    segment_seq smallint,
    -- Parts of the message, as the provider counts; NULL when it does not say.
    segment_total smallint,
    -- The SMSC or gateway.
    provider varchar(64) not null,
    -- The provider's id of the message.
    provider_message_id varchar(64) not null,
    -- The state as the gateway normalised it.
    status varchar(32) not null,
    -- The state in the provider's words.
    status_raw varchar(32) not null,
    -- status, but SENT for a receipt of a whole message that counts fewer parts delivered than submitted.
    state varchar(32) not null,
    -- QUEUED 10, SENT 20, CARRIER_ACCEPTED 30, UNKNOWN 40, UNDELIVERED, EXPIRED, REJECTED, DELETED and FAILED 50,
    -- DELIVERED 60. A part's state is its highest, whatever came last.
    state_rank smallint not null,
    -- Whether the provider calls it final. Never relied on: providers call several states of one message final.
    is_final_claimed boolean,
    -- Who acknowledged: CARRIER or HANDSET; NULL when not said.
    delivery_level varchar(32),
    -- The provider's error code; warehouse.dim_delivery_error tells what it means. NULL without an error.
    error_code varchar(32),
    -- Whether the provider calls the error permanent; counts only where warehouse.dim_delivery_error does not say.
    error_permanent boolean,
    -- The provider's time where its zone is known, UTC.
    provider_occurred_at timestamp,
    -- The provider's done date as written: no zone, often no seconds, so never used for durations.
    provider_done_raw varchar(32),
    -- Order in which the provider made its receipts: breaks ties only.
    provider_sequence bigint,
    -- Mobile country and network code.
    mcc_mnc varchar(6),
    -- The carrier in the provider's words.
    carrier_name varchar(64),
    -- When it happened, UTC; when it was logged, for an event that claims to be more than five minutes ahead of that.
    occurred_at timestamp not null,
    -- When the service wrote the line, UTC.
    received_at timestamp not null,
    -- UTC day of occurred_at.
    event_date date not null,
    -- MD5 over the event's fields: of copies that differ the one logged first stays, and then the smallest hash.
    content_hash varchar(32) not null,
    -- SHA-256 over bucket, key, ETag and size of the object the row came from; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within that object, from 1.
    line_number bigint not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per HTTP request for a message's link, robots included, with what it was taken for.
create table if not exists warehouse.fact_click (
    -- Minted once by the service when it happened; of several copies of an event one row is kept. Copies whose event_date
    -- differs count as two events: that takes a clock which is wrong by more than five minutes in one of them.
    event_id varchar(36) not null,
    -- The message the token was made for; NULL for a token nobody made.
    message_id varchar(26),
    -- The token asked for; case counts.
    link_token varchar(64) not null,
    -- The destination behind the token.
    link_url_id varchar(64),
    -- Recipient of the message, as the redirector knew it.
    recipient_id varchar(64),
    -- HTTP method.
    method varchar(32) not null,
    -- HTTP status answered.
    http_status smallint not null,
    -- MD5 of the User-Agent header, of '' without one: key of warehouse.dim_user_agent.
    ua_key varchar(32) not null,
    -- The address without its last part: /24 of IPv4, /48 of IPv6.
    ip_prefix varchar(80),
    -- Keyed hash of the whole address.
    ip_token varchar(64),
    -- Autonomous system of the address; warehouse.dim_asn tells what it is.
    asn bigint,
    -- Country of the address.
    geo_country varchar(32),
    -- Region of the address.
    geo_region varchar(32),
    -- Host of the Referer header, lower case; its first 253 characters, which is as long as a host's name can be.
    referer_host varchar(2048),
    -- Sec-Purpose, Purpose, X-Purpose or X-Moz header.
    sec_purpose varchar(32),
    -- Keyed hash of the first-party cookie, else of address and user agent.
    visitor_token varchar(64),
    -- Bot score of the edge, 0 to 100.
    edge_bot_score smallint,
    -- Time to answer, milliseconds.
    redirect_ms integer,
    -- Ten minutes of the clock, counted from 1970: floor(seconds / 600). Sweeps and rates are counted by it.
    slot_number integer not null,
    -- Whether its address asked for as many different links in this slot as the rule IP_SWEEP allows to nobody.
    is_ip_sweep boolean,
    -- Whether its link was asked for more often in this slot than the rule RATE allows.
    is_over_rate boolean,
    -- First rule of warehouse.dim_bot_rule that applies; HUMAN when none of the others does.
    click_class varchar(16),
    -- click_class = 'HUMAN'.
    is_human boolean,
    -- What the class was told by: the method, header, kind of program, network or number; NULL where the class says it
    -- all.
    bot_reason varchar(64),
    -- Version of the rules it was judged by.
    bot_ruleset_version smallint,
    -- Whether the same visitor, a person, asked for the same link at most two seconds before: one tap fired again, not
    -- a click. FALSE for machines.
    is_repeat_fire boolean,
    -- When it happened, UTC; when it was logged, for an event that claims to be more than five minutes ahead of that.
    occurred_at timestamp not null,
    -- When the service wrote the line, UTC.
    received_at timestamp not null,
    -- UTC day of occurred_at.
    event_date date not null,
    -- MD5 over the event's fields: of copies that differ the one logged first stays, and then the smallest hash.
    content_hash varchar(32) not null,
    -- SHA-256 over bucket, key, ETag and size of the object the row came from; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within that object, from 1.
    line_number bigint not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
distkey (message_id)
sortkey (message_id);

-- One row per change of a recipient's consent or line, and for an opt-out the message it is put down to.
create table if not exists warehouse.fact_subscription_event (
    -- Minted once by the service when it happened; of several copies of an event one row is kept. Copies whose event_date
    -- differs count as two events: that takes a clock which is wrong by more than five minutes in one of them.
    event_id varchar(36) not null,
    -- Subscriber line.
    recipient_id varchar(64) not null,
    -- Keyed HMAC of the phone number; NULL once the person was erased.
    msisdn_token varchar(64),
    -- The programme, or ALL.
    program_id varchar(64) not null,
    -- OPTED_IN, OPTED_OUT, PENDING_CONFIRM, or of the line itself DEACTIVATED or REASSIGNED: the next person starts
    -- anew.
    new_status varchar(32) not null,
    -- The state before, as the service knew it.
    prior_status varchar(32),
    -- MO_KEYWORD, WEB, AGENT, IMPORT, CARRIER_DEACT or ERASURE.
    method varchar(32) not null,
    -- The word the recipient wrote, as written.
    keyword_raw varchar(64),
    -- The message answered, where it is known.
    in_reply_to_message_id varchar(26),
    -- The inbound message behind the change.
    inbound_event_id varchar(64),
    -- The consent text shown.
    consent_text_version varchar(64),
    -- From when the state holds, UTC.
    effective_at timestamp not null,
    -- For an opt-out the message it is put down to: the one it answers, else the last one sent within
    -- attribution_window_hours before, and delivered before too, to the same user of the line; NULL when there is none, and
    -- for other changes.
    attributed_message_id varchar(26),
    -- The optout_window_hours of that message's campaign; NULL for an opt-out that says which message it answers.
    attribution_window_hours smallint,
    -- Whether it was not put down to a message since it, or what it could be put down to, changed.
    is_attribution_due boolean not null,
    -- When it happened, UTC; when it was logged, for an event that claims to be more than five minutes ahead of that.
    occurred_at timestamp not null,
    -- When the service wrote the line, UTC.
    received_at timestamp not null,
    -- UTC day of occurred_at.
    event_date date not null,
    -- MD5 over the event's fields: of copies that differ the one logged first stays, and then the smallest hash.
    content_hash varchar(32) not null,
    -- SHA-256 over bucket, key, ETag and size of the object the row came from; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within that object, from 1.
    line_number bigint not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
distkey (recipient_id)
sortkey (effective_at);

-- One row per message a recipient sent to us.
create table if not exists warehouse.fact_inbound_message (
    -- Minted once by the service when it happened; of several copies of an event one row is kept. Copies whose event_date
    -- differs count as two events: that takes a clock which is wrong by more than five minutes in one of them.
    event_id varchar(36) not null,
    -- The inbound message.
    inbound_id varchar(64) not null,
    -- Subscriber line; NULL when not known.
    recipient_id varchar(64),
    -- Our number that was written to.
    sender_id varchar(64) not null,
    -- The first word, where it is one we know; NULL otherwise.
    keyword varchar(64),
    -- STOP, HELP, START or REPLY; NULL counts as REPLY.
    intent varchar(32),
    -- Length of the text in characters; the text itself is never logged.
    body_len integer,
    -- The message answered, where it is known.
    in_reply_to_message_id varchar(26),
    -- When it happened, UTC; when it was logged, for an event that claims to be more than five minutes ahead of that.
    occurred_at timestamp not null,
    -- When the service wrote the line, UTC.
    received_at timestamp not null,
    -- UTC day of occurred_at.
    event_date date not null,
    -- MD5 over the event's fields: of copies that differ the one logged first stays, and then the smallest hash.
    content_hash varchar(32) not null,
    -- SHA-256 over bucket, key, ETag and size of the object the row came from; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within that object, from 1.
    line_number bigint not null,
    -- UTC day in the object's key.
    arrival_date date not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
diststyle even
sortkey (in_reply_to_message_id);

-- One row per message: what all its events together say. What does not fit stays with the message it names and
-- changes no other row. Two different sends under one message id: of the reports of one attempt the earliest counts,
-- and the first attempt says whom and what for; the recipient's use of the line is that of the first submission.
-- Attempts after it say how the message was sent; one that names another recipient or campaign is counted as
-- conflicting_sends in reports.pipeline_quality_hourly. A campaign nobody declared is read with UTC days, 30 days for
-- clicks and 24 hours for opt-outs until its declaration comes; a variant that its campaign does not declare is
-- counted under its own name. Receipts count whatever they say of time, also before the send. A click within two
-- seconds of the send, or before it, is a robot's. A click with an unknown token is in fact_click and belongs to no
-- message. A message without a submission is a stub for as long as none comes: nothing declares it lost,
-- reports.pipeline_quality_hourly counts it. Sorted by cohort first, because reports read many columns of a window of
-- days, while a recompute looks its messages up by one column, whose order within a day is nearly the same.
create table if not exists warehouse.fact_message (
    -- The message; the id tells when it was made.
    message_id varchar(26) not null,
    -- Whether only receipts or clicks are known so far, and no submission: no report that counts messages has it. Its clicks
    -- are in reports.click_activity_hourly under campaign '-', people's among them, and in
    -- reports.pipeline_quality_hourly they and its receipts are orphans and the message is in stubs_open.
    is_stub boolean not null,
    -- As the first attempt says, the one with the lowest number; so are variant, batch, recipient, link and the message this
    -- one reminds of. The other columns down to recipient_tz are as the latest attempt says. NULL for a stub.
    campaign_id varchar(64),
    -- The variant of the campaign's test; NULL without a test.
    variant_id varchar(64),
    -- One blast or one step of a journey.
    send_batch_id varchar(64),
    -- Subscriber line.
    recipient_id varchar(64),
    -- Who had the line: recipient_id, '#', and how often it was deactivated or reassigned before the message was first
    -- submitted.
    recipient_key varchar(96),
    -- Short code or long code it came from.
    sender_id varchar(64),
    -- MARKETING or SERVICE.
    message_category varchar(32),
    -- Template of the text; the text itself is never logged.
    template_id varchar(64),
    -- GSM7 or UCS2.
    encoding varchar(32),
    -- Parts the network carries and charges for.
    segment_count smallint,
    -- Token in its URL; NULL without a link.
    link_token varchar(64),
    -- The destination behind the token.
    link_url_id varchar(64),
    -- SMSC or gateway; of a stub, of its receipts.
    provider varchar(64),
    -- Carrier of the recipient; NULL when not looked up. As the first attempt says when the latest names somebody else.
    mcc_mnc varchar(6),
    -- IANA time zone of the recipient; NULL when not known. As the first attempt says when the latest names somebody else.
    recipient_tz varchar(64),
    -- The message this one reminds of.
    follow_up_of_message_id varchar(26),
    -- When the first reminder of this message was accepted, UTC; NULL when none was. Of several reports of one attempt to
    -- remind the earliest counts.
    followed_up_at timestamp,
    -- Highest attempt number.
    attempts smallint,
    -- ACCEPTED, REJECTED or SUPPRESSED: of the latest attempt. Whether it was ever accepted, sent_at tells.
    submit_status varchar(32),
    -- Why the latest attempt was never made; NULL when it was.
    suppress_reason varchar(32),
    -- First attempt, whatever became of it, UTC.
    first_submitted_at timestamp,
    -- First attempt that the network accepted, UTC; NULL when none was. All latencies count from it.
    sent_at timestamp,
    -- sent_at, or first_submitted_at when it was never accepted: what decides the day of sending.
    cohort_at timestamp,
    -- UTC day of cohort_at: select by it, the table is sorted by it.
    cohort_date date,
    -- Day of cohort_at in report_tz: the day reports count the message under.
    cohort_date_report date,
    -- UTC day of sent_at.
    sent_date date,
    -- Day of sent_at in report_tz.
    sent_date_report date,
    -- Hour of sent_at in recipient_tz, 0 to 23; NULL when the zone is not known.
    sent_hour_local smallint,
    -- Weekday of sent_at in recipient_tz, 0 is Sunday; NULL when the zone is not known.
    sent_dow_local smallint,
    -- IANA time zone of the campaign's reports; UTC when it names none.
    report_tz varchar(64),
    -- Days after sending in which a click counts for the campaign's success; 30 when it does not say.
    click_window_days smallint,
    -- Hours after sending in which an opt-out is put down to the message; 24 when the campaign does not say.
    optout_window_hours smallint,
    -- First receipt of any kind, UTC.
    first_receipt_at timestamp,
    -- First receipt that says the carrier took it, UTC.
    carrier_accepted_at timestamp,
    -- When the last part of the delivered attempt was delivered, UTC; NULL unless delivery_state is DELIVERED.
    delivered_at timestamp,
    -- Last receipt of a failure, UTC, though it may have been delivered since.
    failed_at timestamp,
    -- Last receipt of any kind, UTC.
    last_receipt_at timestamp,
    -- Parts delivered in the attempt that decides delivery_state.
    segments_delivered integer not null,
    -- Parts failed in that attempt.
    segments_failed integer not null,
    -- DELIVERED when all parts of one attempt are; else of the latest attempt the failure of a failed part, or the
    -- lowest state of its parts, SENT before any receipt. NULL when never accepted and no receipt came. An attempt has as
    -- many parts as anything says: the greatest of 1, segment_count, segment_total of its receipts, the number of any part
    -- that a receipt is for, and how many such parts there are.
    delivery_state varchar(32),
    -- delivery_state as a number: QUEUED 10, SENT 20, CARRIER_ACCEPTED 30, UNKNOWN 40, failures 50, DELIVERED 60.
    delivery_rank smallint,
    -- CARRIER when any part was acknowledged by the carrier alone, else HANDSET; NULL when receipts do not say.
    delivery_level varchar(32),
    -- Code of the failure that decides: of the last failed part's receipt or, never accepted, of the submission. NULL
    -- unless failed.
    final_error_code varchar(32),
    -- Provider that gave that failure, with a code or without: its code means what it means to this provider, which after a
    -- fail-over need not be the latest attempt's. NULL unless failed.
    final_error_provider varchar(64),
    -- What warehouse.dim_delivery_error makes of final_error_provider and code; UNKNOWN for a code it does not list, NULL unless
    -- failed.
    failure_category varchar(32),
    -- Whether trying again is of no use, by the same table; where it does not say, what the provider says. NULL when
    -- nobody says.
    failure_permanent boolean,
    -- Receipts of all attempts and parts.
    receipts integer not null,
    -- Whether one part has receipts of delivery and of failure; delivery counts.
    conflicting_final boolean not null,
    -- Requests for the link: human_clicks + bot_clicks + repeat_clicks.
    click_requests integer not null,
    -- Requests by machines.
    bot_clicks integer not null,
    -- Requests by people that repeat the same visitor's request of at most two seconds before.
    repeat_clicks integer not null,
    -- Clicks by people, repeats not counted. All count for this recipient, also of a message that was passed on.
    human_clicks integer not null,
    -- Visits by people: thirty quiet minutes end one.
    click_sessions integer not null,
    -- Different visitor tokens of people; more than one may mean that it was passed on.
    distinct_visitors integer not null,
    -- First click by a person, UTC.
    first_click_at timestamp,
    -- Last click by a person, UTC.
    last_click_at timestamp,
    -- First request by a machine, UTC.
    first_bot_click_at timestamp,
    -- first_click_at - sent_at in seconds; negative when a clock was wrong, NULL without either.
    sec_to_first_click bigint,
    -- Newest version of the rules any of its clicks was judged by; NULL without clicks.
    bot_ruleset_version smallint,
    -- When the first opt-out put down to this message took effect, UTC; NULL when none was.
    opted_out_at timestamp,
    -- First answer that is not STOP, UTC; NULL when none came.
    replied_at timestamp,
    -- When this row was written, UTC: it tells when we worked, not what happened. There is no count of versions and no time of
    -- the first load: a row is made anew from all events whenever one comes, and both would depend on the order of files.
    updated_at timestamp not null
)
distkey (message_id)
sortkey (cohort_date, message_id);
