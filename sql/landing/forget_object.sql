-- Content that was superseded has come back: it is about to be recorded as if it were new.
delete from control.quarantined_line
where arrival_date = :day
    and event_type = :event_type
    and object_id = :object_id;

delete from control.landed_object
where arrival_date = :day
    and event_type = :event_type
    and object_id = :object_id;
