select count(*) as row_count
from warehouse.fact_subscription_event
where arrival_date = :day;
