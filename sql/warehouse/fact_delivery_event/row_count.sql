select count(*) as row_count
from warehouse.fact_delivery_event
where arrival_date = :day;
