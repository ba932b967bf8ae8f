-- Requests judged again, and those of them whose row changes in any column, be it the version of the rules alone.
with judged as (
    select count(*) as clicks
    from judged_click
    where not is_new
),

rewritten as (
    select count(*) as clicks
    from reclassified_click
)

select
    judged.clicks as judged,
    rewritten.clicks as rewritten
from judged
cross join rewritten;
