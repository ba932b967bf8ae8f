-- One row per User-Agent to describe anew. Filled by the caller, who searched the lists.
create temp table outdated_agent (
    ua_key varchar(32)
);
