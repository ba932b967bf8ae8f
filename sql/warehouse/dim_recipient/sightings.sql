-- One row per message that tells something of a recipient: those to follow now, and later those looked for in the past.
create temp table sighting (
    recipient_key varchar(96),
    recipient_id varchar(64),
    message_id varchar(26),
    seen_at timestamp,
    tz varchar(64),
    mcc_mnc varchar(6)
)
distkey (recipient_id);

insert into sighting
select
    message.recipient_key,
    message.recipient_id,
    message.message_id,
    message.first_submitted_at as seen_at,
    message.recipient_tz as tz,
    message.mcc_mnc
from warehouse.fact_message as message
join sighted
    on sighted.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;

-- One row per recipient whose first or last message is among those to follow: few of all that there are.
create temp table concerned_recipient (
    recipient_key varchar(96),
    recipient_id varchar(64),
    first_message_id varchar(26),
    first_message_at timestamp,
    last_message_id varchar(26),
    last_message_at timestamp
)
distkey (recipient_id);

insert into concerned_recipient
select
    recipient.recipient_key,
    recipient.recipient_id,
    recipient.first_message_id,
    recipient.first_message_at,
    recipient.last_message_id,
    recipient.last_message_at
from warehouse.dim_recipient as recipient
join sighted
    on sighted.message_id = recipient.first_message_id
where recipient.first_message_id >= :first_id
    and recipient.first_message_id < :end_id

union

select
    recipient.recipient_key,
    recipient.recipient_id,
    recipient.first_message_id,
    recipient.first_message_at,
    recipient.last_message_id,
    recipient.last_message_at
from warehouse.dim_recipient as recipient
join sighted
    on sighted.message_id = recipient.last_message_id
where recipient.last_message_id >= :first_id
    and recipient.last_message_id < :end_id;

-- One row per recipient whose first or last message is not that any more: it belongs to another now, counts from another
-- time, or is gone. What was before the last one has to be looked for, back to when the recipient was first seen.
create temp table lost_key (
    recipient_key varchar(96),
    recipient_id varchar(64),
    first_date date,
    last_date date,
    is_first_lost boolean,
    is_found boolean
)
distkey (recipient_id);

insert into lost_key
with compared as (
    select
        recipient.recipient_key,
        recipient.recipient_id,
        cast(recipient.first_message_at as date) as first_date,
        cast(recipient.last_message_at as date) as last_date,
        sighted_first.message_id is not null and still_first.message_id is null as is_first_lost,
        sighted_last.message_id is not null and still_last.message_id is null as is_last_lost
    from concerned_recipient as recipient
    left join sighted as sighted_first
        on sighted_first.message_id = recipient.first_message_id
    left join sighting as still_first
        on still_first.message_id = recipient.first_message_id
        and still_first.recipient_key = recipient.recipient_key
        and still_first.seen_at = recipient.first_message_at
    left join sighted as sighted_last
        on sighted_last.message_id = recipient.last_message_id
    left join sighting as still_last
        on still_last.message_id = recipient.last_message_id
        and still_last.recipient_key = recipient.recipient_key
        and still_last.seen_at = recipient.last_message_at
)

select
    recipient_key,
    recipient_id,
    first_date,
    last_date,
    is_first_lost,
    false as is_found
from compared
where is_first_lost
    or is_last_lost;

insert into changed_recipient
with concerned as (
    select recipient_id from sighting
    union
    select recipient_id from lost_key
)

select concerned.recipient_id
from concerned
left join changed_recipient as known
    on known.recipient_id = concerned.recipient_id
where known.recipient_id is null;
