-- One row per object whose key has other content in this batch: its rows leave the facts.
create temp table superseded_object (
    object_id varchar(64)
);

insert into superseded_object
select distinct earlier.object_id
from control.landed_object as landed
join control.landed_object as earlier
    on earlier.bucket = landed.bucket
    and earlier.object_key = landed.object_key
where landed.arrival_date = :day
    and earlier.arrival_date = :day
    and earlier.status = 'superseded'
    and landed.load_id in (select load_id from batch_load);
