-- One row per recipient with a message: the first and the last of those the dimension knew, as far as they still are, and
-- of those followed now.
create temp table recipient_message (
    recipient_key varchar(96),
    recipient_id varchar(64),
    first_message_at timestamp,
    first_message_id varchar(26),
    last_message_at timestamp,
    last_message_id varchar(26),
    tz varchar(64),
    mcc_mnc varchar(6),
    -- NULL until it is looked up.
    msisdn_token varchar(64),
    is_last_known boolean
)
distkey (recipient_id);

insert into recipient_message
with known as (
    select
        recipient.recipient_key,
        recipient.recipient_id,
        recipient.first_message_id,
        recipient.first_message_at,
        recipient.last_message_id,
        recipient.last_message_at,
        recipient.tz,
        recipient.home_carrier,
        recipient.msisdn_token
    from warehouse.dim_recipient as recipient
    join changed_recipient
        on changed_recipient.recipient_id = recipient.recipient_id
    where recipient.last_message_id is not null
),

candidate as (
    select
        recipient_key,
        recipient_id,
        message_id,
        seen_at,
        tz,
        mcc_mnc,
        cast(null as varchar(64)) as msisdn_token,
        false as is_known,
        1 as is_described
    from sighting

    union all

    select
        known.recipient_key,
        known.recipient_id,
        known.last_message_id as message_id,
        known.last_message_at as seen_at,
        known.tz,
        known.home_carrier as mcc_mnc,
        known.msisdn_token,
        true as is_known,
        1 as is_described
    from known
    left join sighted
        on sighted.message_id = known.last_message_id
    where sighted.message_id is null

    union all

    select
        known.recipient_key,
        known.recipient_id,
        known.first_message_id as message_id,
        known.first_message_at as seen_at,
        cast(null as varchar(64)) as tz,
        cast(null as varchar(6)) as mcc_mnc,
        cast(null as varchar(64)) as msisdn_token,
        true as is_known,
        0 as is_described
    from known
    left join sighted
        on sighted.message_id = known.first_message_id
    where sighted.message_id is null
),

ranked as (
    select
        *,
        row_number() over (
            partition by recipient_key
            order by seen_at, message_id, is_described desc
        ) as place_from_first,
        row_number() over (
            partition by recipient_key
            order by is_described desc, seen_at desc, message_id desc, is_known desc
        ) as place_from_last
    from candidate
)

select
    last_one.recipient_key,
    last_one.recipient_id,
    first_one.seen_at as first_message_at,
    first_one.message_id as first_message_id,
    last_one.seen_at as last_message_at,
    last_one.message_id as last_message_id,
    last_one.tz,
    last_one.mcc_mnc,
    last_one.msisdn_token,
    last_one.is_known as is_last_known
from ranked as last_one
join ranked as first_one
    on first_one.recipient_key = last_one.recipient_key
    and first_one.place_from_first = 1
where last_one.place_from_last = 1;

-- One row per message whose token is to be looked up.
create temp table wanted_token as
select last_message_id as message_id
from recipient_message
where not is_last_known;
