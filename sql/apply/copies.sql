-- One row per copy in the fact of an event of the batch.
create temp table stored_copy (
    event_id varchar(36),
    event_date date,
    received_at timestamp,
    content_hash varchar(32),
    object_id varchar(64),
    line_number bigint
);

-- One row per copy that does not stay: of all copies of an event the smallest (received_at, content_hash) stays, whichever
-- came first.
create temp table losing_copy (
    event_id varchar(36),
    event_date date,
    object_id varchar(64),
    line_number bigint,
    is_stored boolean
);
