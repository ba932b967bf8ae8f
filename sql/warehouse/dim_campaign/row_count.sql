select count(*) as row_count
from warehouse.dim_campaign
where arrival_date = :day;
