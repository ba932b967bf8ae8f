-- The requests of these days are judged again.
insert into seed_click
select event_id, event_date, message_id, ip_token, link_token, slot_number, false as is_changed
from warehouse.fact_click
where event_date between :first_date and :last_date;
