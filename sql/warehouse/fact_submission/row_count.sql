select count(*) as row_count
from warehouse.fact_submission
where arrival_date = :day;
