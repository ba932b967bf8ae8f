-- One row per object whose key has other content in this batch: its rows leave the facts.
create temp table superseded_object as
select distinct old.object_id
from batch_load
join control.landed_object as new
    on new.load_id = batch_load.load_id
join control.landed_object as old
    on old.bucket = new.bucket
    and old.object_key = new.object_key
where new.arrival_date = :day
    and old.arrival_date = :day
    and old.status = 'superseded';
