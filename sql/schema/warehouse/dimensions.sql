-- Dimensions, made from events.

-- One row per image of a campaign, as one event gave it; the image of the highest version is the current one.
create table if not exists warehouse.dim_campaign (
    -- Minted once by the service when it happened; of several copies of an event one row is kept.
    event_id varchar(36) not null,
    -- The campaign.
    campaign_id varchar(64) not null,
    -- Counts up with each change; the highest is the current image.
    version integer not null,
    -- Name in the campaign manager.
    campaign_name varchar(2048) not null,
    -- BLAST, JOURNEY or TRIGGERED.
    campaign_type varchar(32),
    -- What it is for.
    objective varchar(2048),
    -- The team that runs it.
    owner varchar(2048),
    -- Planned start, UTC.
    start_at timestamp,
    -- Planned end, UTC.
    end_at timestamp,
    -- State in the campaign manager.
    status varchar(32),
    -- The campaign this one follows up.
    parent_campaign_id varchar(64),
    -- JSON array as given: variant_id, name, allocation_pct, is_control. warehouse.dim_variant has them as rows.
    variants varchar(65535),
    -- Whom it is meant for.
    target_segment varchar(2048),
    -- IANA time zone its reports are read in, as given; warehouse.campaign_setting has the one that is used.
    report_tz varchar(64),
    -- Days a click counts for the campaign's success, as given.
    click_window_days smallint,
    -- Hours after a message in which an opt-out is put down to it, as given.
    optout_window_hours smallint,
    -- Whether network information about customers (CPNI) chose the audience. Such records are kept for good.
    cpni_used boolean,
    -- Which such information.
    cpni_description varchar(2048),
    -- Products and services offered.
    products_offered varchar(2048),
    -- Share of the audience not sent to, percent.
    holdout_pct double precision,
    -- Whether the campaign was deleted; NULL when the image does not say.
    is_deleted boolean,
    -- When the image was made, UTC.
    valid_from timestamp not null,
    -- When the next image of a higher version was made, UTC; NULL for the current one.
    valid_to timestamp,
    -- Whether this is the image of the highest version.
    is_current boolean not null,
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
diststyle all
sortkey (campaign_id, version);

-- One row per variant of a campaign, as its newest image that names the variant describes it.
create table if not exists warehouse.dim_variant (
    -- The campaign.
    campaign_id varchar(64) not null,
    -- The variant, unique within the campaign.
    variant_id varchar(256) not null,
    -- Name in the campaign manager.
    variant_name varchar(2048),
    -- Share of the audience it was to get, percent; NULL when not declared.
    allocation_pct double precision,
    -- Whether the others are compared with it.
    is_control boolean,
    -- Whether the campaign's current image still names it.
    is_current boolean not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);

-- One row per User-Agent header ever seen, with what kind of program sends it.
create table if not exists warehouse.dim_user_agent (
    -- MD5 of the header.
    ua_key varchar(32) not null,
    -- The header; '' for requests without one.
    user_agent varchar(1024) not null,
    -- HUMAN, BOT, PREVIEW, TOOL or EMPTY: what kind of program sends it.
    ua_class varchar(16) not null,
    -- Family name of the browser; NULL when the header does not say.
    browser varchar(64),
    -- Family name of the operating system; NULL when the header does not say.
    os varchar(64),
    -- MOBILE, TABLET, DESKTOP or OTHER.
    device_type varchar(16) not null,
    -- Version of the rules it was judged by.
    ruleset_version smallint not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
diststyle all
sortkey (ua_key);

-- One row per recipient as one person used the line, known from a message or a change of consent. When a line is
-- deactivated or given to someone else, what follows belongs to the next recipient_key of the same recipient_id. Region and
-- area code are not here: a token of a phone number does not tell them. '-' stands for the recipient of a message whose
-- submission is not known.
create table if not exists warehouse.dim_recipient (
    -- recipient_id || '#' || assignment_seq.
    recipient_key varchar(96) not null,
    -- The line, as the customer database numbers it.
    recipient_id varchar(64) not null,
    -- How often the line had been deactivated or reassigned before: messages count the changes up to their first
    -- submission, a change of consent those up to and including itself.
    assignment_seq integer not null,
    -- Keyed HMAC of the phone number, from the latest attempt of last_message_id that names the recipient, or else from the
    -- latest change of consent; NULL after erasure.
    msisdn_token varchar(64),
    -- Country of the home carrier, two letters; NULL when the network is unknown.
    country varchar(2),
    -- IANA time zone, from last_message_id.
    tz varchar(64),
    -- Mobile network (MCC and MNC) looked up before sending, from last_message_id.
    home_carrier varchar(6),
    -- First time a message was submitted to the recipient or their consent or line changed, UTC.
    first_seen_at timestamp,
    -- Last time a message was submitted to the recipient or their consent or line changed, UTC.
    last_seen_at timestamp,
    -- When the recipient's first message was first submitted, UTC; NULL when they never had one.
    first_message_at timestamp,
    -- That message; of several at one time the one with the smallest id.
    first_message_id varchar(26),
    -- When the recipient's last message was first submitted, UTC; NULL when they never had one.
    last_message_at timestamp,
    -- That message; of several at one time the one with the greatest id.
    last_message_id varchar(26),
    -- When the person asked to be erased, UTC: their ids are random names and the token is gone. NULL for others.
    erased_at timestamp,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
distkey (recipient_id)
sortkey (recipient_id, assignment_seq);

-- One row per change of consent or line, with the time it held: the consent of a recipient in a program at a time t is the
-- row with valid_from <= t and (valid_to is null or t < valid_to); there is none before the first change, nor after the
-- line changed hands. A view: a recipient's rows follow from that recipient's events alone, and a change that comes late
-- moves all rows after it. Each program is taken by itself; which opt-outs stand over all programs, reports.refusal says.
--   recipient_key   whose consent it is: recipient_id || '#' || number of DEACTIVATED and REASSIGNED events of the
--                   recipient_id up to and including this one
--   recipient_id    the line
--   program_id      what was agreed to or refused; 'ALL' is a program of its own here, which speaks for every program
--   valid_from      when it took effect (effective_at), UTC
--   valid_to        when the recipient_id's next change in the program, or next change of the line in any program, took
--                   effect, whichever is earlier; NULL while it holds. Of changes at one time only the last ever holds:
--                   those before it have valid_to = valid_from
--   status          OPTED_IN, OPTED_OUT, PENDING_CONFIRM, DEACTIVATED or REASSIGNED
--   method          how it came about
--   is_current      valid_to is null
--   event_id        the event, a row of fact_subscription_event of event_date
--   event_date      day (UTC) the event occurred
create or replace view warehouse.dim_subscription as
with changed as (
    select
        recipient_id,
        program_id,
        effective_at,
        new_status,
        method,
        event_id,
        event_date,
        cast(sum(case when new_status in ('DEACTIVATED', 'REASSIGNED') then 1 else 0 end) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows unbounded preceding
        ) as bigint) as assignment_seq,
        min(
            case when new_status in ('DEACTIVATED', 'REASSIGNED') then effective_at end
        ) over (
            partition by recipient_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as next_line_change_at,
        min(effective_at) over (
            partition by recipient_id, program_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and 1 following
        ) as next_change_at
    from warehouse.fact_subscription_event
)

select
    recipient_id || '#' || cast(assignment_seq as varchar(20)) as recipient_key,
    recipient_id,
    program_id,
    effective_at as valid_from,
    least(next_change_at, next_line_change_at) as valid_to,
    new_status as status,
    method,
    next_change_at is null and next_line_change_at is null as is_current,
    event_id,
    event_date
from changed;
