-- One row per message that is looked at.
create temp table traced_message (
    message_id varchar(26)
)
distkey (message_id)
sortkey (message_id);

-- One row per object that something was read from.
create temp table traced_object (
    object_id varchar(64)
);

-- One row per text that a line in quarantine may hold if it speaks of what is traced.
create temp table searched_text (
    searched varchar(256),
    is_base64 boolean
);
