delete from control.listed_day
where event_type = :event_type
    and arrival_date = :day;

insert into control.listed_day (event_type, arrival_date, objects, listed_at)
values (:event_type, :day, :objects, :listed_at);
