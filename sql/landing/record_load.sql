insert into control.load (
    load_id,
    event_type,
    arrival_date,
    objects,
    rows_landed,
    lines_quarantined,
    started_at,
    committed_at,
    run_id,
    newest_event_at
)
values (
    :load_id,
    :event_type,
    :day,
    :objects,
    :rows_landed,
    :lines_quarantined,
    :started_at,
    :committed_at,
    :run_id,
    :newest_event_at
)
