-- The objects, and every other content that one of their keys had.
select
    landed.object_id,
    landed.bucket,
    landed.object_key,
    landed.etag,
    landed.status,
    landed.landed_at
from control.landed_object as landed
join (
    select distinct
        known.bucket,
        known.object_key
    from control.landed_object as known
    join traced_object
        on traced_object.object_id = known.object_id
) as traced
    on traced.bucket = landed.bucket
    and traced.object_key = landed.object_key
order by landed.object_key, landed.landed_at;
