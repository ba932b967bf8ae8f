-- Dimensions, made from events.

-- One row per image of a campaign, as one event gave it; the image of the highest version is the current one.
create table if not exists warehouse.dim_campaign (
    event_id varchar(36) not null,
    campaign_id varchar(64) not null,
    version integer not null,
    campaign_name varchar(2048) not null,
    campaign_type varchar(32),
    objective varchar(2048),
    owner varchar(2048),
    start_at timestamp,
    end_at timestamp,
    status varchar(32),
    parent_campaign_id varchar(64),
    variants varchar(65535),
    target_segment varchar(2048),
    report_tz varchar(64),
    click_window_days smallint,
    optout_window_hours smallint,
    cpni_used boolean,
    cpni_description varchar(2048),
    products_offered varchar(2048),
    holdout_pct double precision,
    is_deleted boolean,
    valid_from timestamp not null,
    valid_to timestamp,
    is_current boolean not null,
    occurred_at timestamp not null,
    received_at timestamp not null,
    event_date date not null,
    content_hash varchar(32) not null,
    object_id varchar(64) not null,
    line_number bigint not null,
    arrival_date date not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (campaign_id, version);

-- One row per variant of a campaign, as its newest image that names the variant describes it.
create table if not exists warehouse.dim_variant (
    campaign_id varchar(64) not null,
    variant_id varchar(256) not null,
    variant_name varchar(2048),
    allocation_pct double precision,
    is_control boolean,
    is_current boolean not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (campaign_id, variant_id);

-- One row per User-Agent header ever seen, with what kind of program sends it.
create table if not exists warehouse.dim_user_agent (
    ua_key varchar(32) not null,
    user_agent varchar(1024) not null,
    -- HUMAN, BOT, PREVIEW, TOOL or EMPTY: what kind of program sends it.
    ua_class varchar(16) not null,
    -- Browser and operating system by their family names; NULL when the header does not say.
    browser varchar(64),
    os varchar(64),
    -- MOBILE, TABLET, DESKTOP or OTHER.
    device_type varchar(16) not null,
    ruleset_version smallint not null,
    loaded_at timestamp not null
)
diststyle all
sortkey (ua_key);
