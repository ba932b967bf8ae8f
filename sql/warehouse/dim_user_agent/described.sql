-- One row per agent of new_agent: what its header says. Filled by the caller.
create temp table described_agent (
    ua_key varchar(32),
    ua_class varchar(16),
    browser varchar(64),
    os varchar(64),
    device_type varchar(16)
);
