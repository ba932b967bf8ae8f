-- One row per object whose key has other content in this batch: its rows leave the facts.
create temp table superseded_object as
select distinct earlier.object_id
from batch_load
join control.landed_object as landed
    on landed.load_id = batch_load.load_id
join control.landed_object as earlier
    on earlier.bucket = landed.bucket
    and earlier.object_key = landed.object_key
where landed.arrival_date = :day
    and earlier.arrival_date = :day
    and earlier.status = 'superseded';
