-- One row per error code and what becomes of its failures; of those whose receipts disagree, permanent_after is NULL.
select
    provider,
    error_code,
    category_before,
    category_after,
    permanent_before,
    permanent_after,
    count(*) as messages
from remapped_failure
group by
    provider,
    error_code,
    category_before,
    category_after,
    permanent_before,
    permanent_after
order by
    count(*) desc,
    provider,
    error_code,
    category_before,
    category_after,
    permanent_before,
    permanent_after;
