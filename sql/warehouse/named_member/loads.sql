-- One row per load whose events are read for names: those of the batch, and when an object has new content all of the
-- day, because what only the old content named is forgotten.
create temp table named_load (
    load_id varchar(26)
);

insert into named_load
select load_id
from batch_load;

-- One row per thing and what these events say of it.
create temp table named (
    kind varchar(16),
    member_id varchar(64),
    member_part varchar(256),
    first_seen_at timestamp,
    last_seen_at timestamp
);
