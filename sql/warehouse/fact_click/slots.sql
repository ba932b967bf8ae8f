-- One row per stored request that shares its address or its link, within ten minutes, with one that came or left.
create temp table slot_click (
    event_id varchar(36),
    event_date date,
    message_id varchar(26),
    ip_token varchar(64),
    link_token varchar(64),
    slot_number integer,
    is_ip_sweep boolean,
    is_over_rate boolean,
    is_ip_counted boolean,
    is_link_counted boolean
);

-- One row per User-Agent that is taken for something else than its dimension says: to find out what would change. Empty
-- when requests are judged for good.
create temp table assumed_agent (
    ua_key varchar(32),
    ua_class varchar(16)
);
