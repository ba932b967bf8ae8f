select count(*) as row_count
from warehouse.named_member
where arrival_date = :day;
