select count(*) as row_count
from warehouse.fact_inbound_message
where arrival_date = :day;
