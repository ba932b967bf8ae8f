select count(distinct ua_key) as row_count
from warehouse.fact_click
where arrival_date = :day;
