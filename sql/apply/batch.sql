-- One row per load to apply in this transaction.
create temp table batch_load (
    load_id varchar(26)
);

-- One row per event of which there are, or may be, several copies.
create temp table doubled_event (
    event_id varchar(36),
    event_date date
);

-- One row per copy that does not stay: of all copies of an event the smallest (received_at, content_hash)
-- stays, whichever came first.
create temp table losing_copy (
    event_id varchar(36),
    object_id varchar(64),
    line_number bigint,
    is_stored boolean
);
