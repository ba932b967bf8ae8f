-- One row per class that requests were taken for and are taken for now; repeats of a click are a class of their own here,
-- since they do not count.
with judged as (
    select
        old_click_class || case when old_is_repeat_fire then ' (repeat)' else '' end
            as class_before,
        click_class || case when is_repeat_fire then ' (repeat)' else '' end as class_after
    from judged_click
    where not is_new
)

select
    class_before,
    class_after,
    count(*) as clicks
from judged
where class_before <> class_after
group by class_before, class_after
order by count(*) desc, class_before, class_after;
