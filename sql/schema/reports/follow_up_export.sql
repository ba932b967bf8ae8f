-- One row per list of recipients that was handed over for follow-up. A list that was not in S3 fifteen minutes after its
-- clock may be taken back by the next export of the campaign; its own then removes it from S3 and fails.
create table if not exists reports.follow_up_export (
    -- ULID of the export.
    export_id varchar(26) not null,
    -- The campaign.
    campaign_id varchar(64) not null,
    -- S3 key of the list.
    object_key varchar(1024) not null,
    -- Recipients in it.
    contacts bigint not null,
    -- The clock it was computed for, UTC: read when no load was being applied any more.
    exported_at timestamp not null,
    -- When the list was in S3, UTC; NULL for one that is being written, or whose writer was stopped.
    finished_at timestamp
)
diststyle all
sortkey (campaign_id, exported_at);

-- One row per recipient of such a list. It keeps the same message from being followed up by two lists.
create table if not exists reports.follow_up_contact (
    -- The export.
    export_id varchar(26) not null,
    -- The campaign.
    campaign_id varchar(64) not null,
    -- Who is to be followed up.
    recipient_key varchar(96) not null,
    -- The line.
    recipient_id varchar(64) not null,
    -- The message that is followed up.
    message_id varchar(26) not null,
    -- What to do.
    action varchar(32) not null,
    -- Whether the recipient is contacted by it.
    is_contact boolean not null,
    -- Which to do first.
    priority integer not null,
    -- Earliest time, UTC.
    eligible_from timestamp not null,
    -- Latest time, UTC; NULL for no limit.
    eligible_until timestamp,
    -- The clock of the export, UTC.
    exported_at timestamp not null
)
distkey (message_id)
sortkey (exported_at);
