-- One row per request and what it is taken for: the first rule that applies, in the order of dim_bot_rule.
create temp table judged_click as
with rule as (
    select
        max(case when click_class = 'TOO_FAST' then threshold end) as too_fast_s,
        max(case when click_class = 'IP_SWEEP' then threshold end) as sweep_links,
        max(case when click_class = 'RATE' then threshold end) as rate_requests,
        max(ruleset_version) as ruleset_version
    from warehouse.dim_bot_rule
),

agent as (
    select
        known.ua_key,
        coalesce(assumed.ua_class, known.ua_class) as ua_class
    from warehouse.dim_user_agent as known
    left join assumed_agent as assumed
        on assumed.ua_key = known.ua_key
),

classified as (
    select
        click.event_id,
        click.event_date,
        click.message_id,
        click.link_token,
        click.visitor_token,
        click.method,
        click.sec_purpose,
        click.asn,
        click.occurred_at,
        click.is_ip_sweep,
        click.is_over_rate,
        click.is_new,
        click.is_flipped,
        click.old_click_class,
        click.old_bot_reason,
        click.old_bot_ruleset_version,
        click.old_is_repeat_fire,
        agent.ua_class,
        rule.too_fast_s,
        rule.sweep_links,
        rule.rate_requests,
        rule.ruleset_version,
        case
            when upper(click.method) <> 'GET' then 'NON_GET'
            when click.sec_purpose <> '' then 'PREFETCH'
            when agent.ua_class = 'EMPTY' then 'EMPTY_UA'
            when agent.ua_class in ('BOT', 'TOOL') then 'UA_BOT'
            when agent.ua_class = 'PREVIEW' then 'UA_PREVIEW'
            when click.message_id is null then 'INVALID_TOKEN'
            when network.asn_kind = 'DATACENTER' then 'DATACENTER_ASN'
            when click.occurred_at < dateadd(second, rule.too_fast_s, message_sent.sent_at)
                then 'TOO_FAST'
            -- Behind a carrier's address translation many subscribers share one address.
            when click.is_ip_sweep and coalesce(network.asn_kind, '') <> 'OWN_CGNAT'
                then 'IP_SWEEP'
            when click.is_over_rate then 'RATE'
            else 'HUMAN'
        end as click_class
    from click
    cross join rule
    left join agent
        on agent.ua_key = click.ua_key
    left join warehouse.dim_asn as network
        on network.asn = click.asn
    left join message_sent
        on message_sent.message_id = click.message_id
),

-- A request is the same tap fired again when it follows the visitor's last human request for the link, itself fired again
-- or not, within two seconds.
ordered as (
    select
        event_id,
        event_date,
        message_id,
        is_ip_sweep,
        is_over_rate,
        is_new,
        is_flipped,
        old_click_class,
        old_bot_reason,
        old_bot_ruleset_version,
        old_is_repeat_fire,
        click_class,
        visitor_token,
        occurred_at,
        ruleset_version as bot_ruleset_version,
        case click_class
            when 'NON_GET' then upper(method)
            when 'PREFETCH' then lower(sec_purpose)
            when 'UA_BOT' then lower(ua_class)
            when 'UA_PREVIEW' then lower(ua_class)
            when 'DATACENTER_ASN' then 'AS' || cast(asn as varchar(20))
            when 'TOO_FAST' then 'within ' || cast(too_fast_s as varchar(20)) || ' s of sending'
            when 'IP_SWEEP' then cast(sweep_links as varchar(20)) || ' links or more in 10 min'
            when 'RATE' then 'over ' || cast(rate_requests as varchar(20)) || ' requests in 10 min'
        end as bot_reason,
        lag(occurred_at) over (
            partition by message_id, link_token, visitor_token, click_class
            order by occurred_at, event_id
        ) as previous_at
    from classified
)

select
    event_id,
    event_date,
    message_id,
    is_ip_sweep,
    is_over_rate,
    click_class,
    click_class = 'HUMAN' as is_human,
    bot_reason,
    bot_ruleset_version,
    coalesce(
        click_class = 'HUMAN'
        and visitor_token is not null
        and occurred_at <= dateadd(second, 2, previous_at),
        false
    ) as is_repeat_fire,
    is_new,
    is_flipped,
    old_click_class,
    old_bot_reason,
    old_bot_ruleset_version,
    old_is_repeat_fire
from ordered;

-- One row per stored request that is now taken for something else.
create temp table reclassified_click as
select
    event_id,
    event_date,
    message_id,
    is_ip_sweep,
    is_over_rate,
    click_class,
    is_human,
    bot_reason,
    bot_ruleset_version,
    is_repeat_fire
from judged_click
where not is_new
    and (
        is_flipped
        or old_click_class is null
        or old_click_class <> click_class
        or coalesce(old_bot_reason, '') <> coalesce(bot_reason, '')
        or old_bot_ruleset_version <> bot_ruleset_version
        or old_is_repeat_fire <> is_repeat_fire
    );
