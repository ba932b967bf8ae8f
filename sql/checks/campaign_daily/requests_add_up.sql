-- Of every message of the report's days in warehouse.fact_message, people's clicks, their repeats and machines' requests are
-- all requests for its link.
select
    cohort_date,
    count(*) as messages
from warehouse.fact_message
where cohort_date between :window_start and :window_end
    and human_clicks + bot_clicks + repeat_clicks <> click_requests
group by cohort_date
order by cohort_date;
