-- The key of an object has new content: the rows of the old content go, its history stays.
update control.quarantined_line
set resolved_at = :now
where arrival_date = :day
    and event_type = :event_type
    and object_id = :object_id;

update control.landed_object
set status = 'superseded'
where arrival_date = :day
    and event_type = :event_type
    and object_id = :object_id;
