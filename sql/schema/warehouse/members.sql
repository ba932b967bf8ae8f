-- What events name, declared or not. Facts say '-' for nothing when they are joined here: coalesce(variant_id, '-').
-- A campaign, variant, network, sender, link or error code that events name before, or without, its declaration is an
-- inferred member: it has its key and is_inferred = true, until the declaration comes. So an inner join of facts with one
-- of these views loses no row. Campaigns, variants, networks and error codes that were declared stay in their own tables,
-- which hold nothing else.

-- One row per event type, arrival day and thing that its events name. What an overwritten object named is forgotten; what
-- a copy of an event named that was set aside for another copy is not.
create table if not exists warehouse.named_member (
    -- Event type of the events.
    event_type varchar(32) not null,
    -- UTC day in the keys of their objects.
    arrival_date date not null,
    -- CAMPAIGN, VARIANT, CARRIER, SENDER, LINK or ERROR.
    kind varchar(16) not null,
    -- campaign_id, mcc_mnc, sender_id, link_url_id; the campaign of a variant, the provider of an error code.
    member_id varchar(64) not null,
    -- variant_id or error_code; else empty.
    member_part varchar(256) not null,
    -- First time such an event occurred, UTC.
    first_seen_at timestamp not null,
    -- Last time such an event occurred, UTC.
    last_seen_at timestamp not null,
    -- When this row was written, UTC: it tells when we worked, not what happened.
    loaded_at timestamp not null
)
diststyle all
sortkey (arrival_date, event_type);

-- One row per sender that messages came from or went to, and '-'.
--   sender_id      short code, phone number or name that recipients see
--   sender_kind    SHORT_CODE (3 to 8 digits), TOLL_FREE (a North American number with an area code of 800, 833, 844, 855,
--                  866, 877 or 888), LONG_CODE (another number) or ALPHANUMERIC, told by its form; NULL for '-'
--   first_seen_at  first time a message was submitted from, or received for, the sender, UTC
--   last_seen_at   last time
create or replace view warehouse.dim_sender as
select
    member_id as sender_id,
    case
        when member_id ~ '^[0-9]{3,8}$' then 'SHORT_CODE'
        when member_id ~ '^[+]?1?8(00|33|44|55|66|77|88)[0-9]{7}$' then 'TOLL_FREE'
        when member_id ~ '^[+]?[0-9]+$' then 'LONG_CODE'
        else 'ALPHANUMERIC'
    end as sender_kind,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from warehouse.named_member
where kind = 'SENDER'
group by member_id

union all

select
    '-' as sender_id,
    cast(null as varchar(16)) as sender_kind,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as last_seen_at;

-- One row per destination that links of messages led to, and '-'. Its address and what it offers are not here: no event
-- carries them.
--   link_url_id    the destination, as the sending service numbers it
--   first_seen_at  first time it was sent or asked for, UTC
--   last_seen_at   last time
create or replace view warehouse.dim_link_url as
select
    member_id as link_url_id,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from warehouse.named_member
where kind = 'LINK'
group by member_id

union all

select
    '-' as link_url_id,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as last_seen_at;

-- One row per campaign, as it stands now, and '-'.
--   campaign_id         the campaign
--   campaign_name       from the current image in dim_campaign; this and the others are NULL for an inferred campaign
--   campaign_type       BLAST, JOURNEY or TRIGGERED
--   owner               who answers for it
--   target_segment      whom it is for
--   parent_campaign_id  the campaign it follows up
--   is_deleted          taken back by its owner; its messages count all the same
--   is_inferred         messages name it and nobody declared it
create or replace view warehouse.every_campaign as
select
    campaign_id,
    campaign_name,
    campaign_type,
    owner,
    target_segment,
    parent_campaign_id,
    is_deleted,
    false as is_inferred
from warehouse.dim_campaign
where is_current

union all

select distinct
    named.member_id as campaign_id,
    cast(null as varchar(2048)) as campaign_name,
    cast(null as varchar(32)) as campaign_type,
    cast(null as varchar(2048)) as owner,
    cast(null as varchar(2048)) as target_segment,
    cast(null as varchar(64)) as parent_campaign_id,
    cast(null as boolean) as is_deleted,
    true as is_inferred
from warehouse.named_member as named
left join warehouse.dim_campaign as declared
    on declared.campaign_id = named.member_id
where named.kind = 'CAMPAIGN'
    and declared.campaign_id is null

union all

select
    '-' as campaign_id,
    cast(null as varchar(2048)) as campaign_name,
    cast(null as varchar(32)) as campaign_type,
    cast(null as varchar(2048)) as owner,
    cast(null as varchar(2048)) as target_segment,
    cast(null as varchar(64)) as parent_campaign_id,
    cast(null as boolean) as is_deleted,
    false as is_inferred;

-- One row per variant of a campaign, and for each campaign a row '-' for messages without a variant.
--   campaign_id     the campaign
--   variant_id      the variant
--   variant_name    from dim_variant; this and the others are NULL for an inferred variant
--   allocation_pct  share of recipients meant to get it, percent
--   is_control      what the others are compared with
--   is_current      the campaign's newest image names it
--   is_inferred     messages name it and no image of the campaign does
create or replace view warehouse.every_variant as
select
    campaign_id,
    variant_id,
    variant_name,
    allocation_pct,
    is_control,
    is_current,
    false as is_inferred
from warehouse.dim_variant

union all

select distinct
    named.member_id as campaign_id,
    named.member_part as variant_id,
    cast(null as varchar(2048)) as variant_name,
    cast(null as double precision) as allocation_pct,
    cast(null as boolean) as is_control,
    cast(null as boolean) as is_current,
    true as is_inferred
from warehouse.named_member as named
left join warehouse.dim_variant as declared
    on declared.campaign_id = named.member_id
    and declared.variant_id = named.member_part
where named.kind = 'VARIANT'
    and declared.campaign_id is null

union all

select
    campaign_id,
    '-' as variant_id,
    cast(null as varchar(2048)) as variant_name,
    cast(null as double precision) as allocation_pct,
    cast(null as boolean) as is_control,
    cast(null as boolean) as is_current,
    false as is_inferred
from warehouse.every_campaign;

-- One row per mobile network, and '-'.
--   mcc_mnc         country and network code
--   carrier_name    from dim_carrier; this and the others are NULL for an inferred network
--   country         two letters
--   is_own_network  of the operator that runs this platform
--   is_inferred     events name it and the list of networks does not
create or replace view warehouse.every_carrier as
select
    mcc_mnc,
    carrier_name,
    country,
    is_own_network,
    false as is_inferred
from warehouse.dim_carrier

union all

select distinct
    named.member_id as mcc_mnc,
    cast(null as varchar(64)) as carrier_name,
    cast(null as varchar(2)) as country,
    cast(null as boolean) as is_own_network,
    true as is_inferred
from warehouse.named_member as named
left join warehouse.dim_carrier as declared
    on declared.mcc_mnc = named.member_id
where named.kind = 'CARRIER'
    and declared.mcc_mnc is null

union all

select
    '-' as mcc_mnc,
    cast(null as varchar(64)) as carrier_name,
    cast(null as varchar(2)) as country,
    cast(null as boolean) as is_own_network,
    false as is_inferred;

-- One row per error code of a provider that events name, and ('-', '-').
--   provider          the provider
--   error_code        its code
--   failure_category  from dim_delivery_error, by the provider's own entry or else that of '*'; UNKNOWN for an inferred code
--   is_permanent      no other attempt will do better; NULL when the code does not tell
--   description       what the provider means by it; NULL for an inferred code
--   first_seen_at     first time an event carried it, UTC
--   last_seen_at      last time
--   is_inferred       events name it and dim_delivery_error does not: it is unmapped
create or replace view warehouse.every_delivery_error as
with named as (
    select
        member_id as provider,
        member_part as error_code,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from warehouse.named_member
    where kind = 'ERROR'
    group by member_id, member_part
)

select
    named.provider,
    named.error_code,
    coalesce(own.failure_category, any_provider.failure_category, 'UNKNOWN') as failure_category,
    coalesce(own.is_permanent, any_provider.is_permanent) as is_permanent,
    coalesce(own.description, any_provider.description) as description,
    named.first_seen_at,
    named.last_seen_at,
    own.provider is null and any_provider.provider is null as is_inferred
from named
left join warehouse.dim_delivery_error as own
    on own.provider = named.provider
    and own.error_code = named.error_code
left join warehouse.dim_delivery_error as any_provider
    on any_provider.provider = '*'
    and any_provider.error_code = named.error_code

union all

select
    '-' as provider,
    '-' as error_code,
    cast(null as varchar(32)) as failure_category,
    cast(null as boolean) as is_permanent,
    cast(null as varchar(256)) as description,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as last_seen_at,
    false as is_inferred;
