select distinct
    line.object_id,
    line.object_key,
    line.event_type,
    line.arrival_date,
    line.line_number,
    line.reason,
    line.field,
    line.quarantined_at,
    line.resolved_at
from control.quarantined_line as line
join searched_text
    on searched_text.is_base64 = line.is_base64
    and strpos(line.raw_line, searched_text.searched) > 0
order by line.arrival_date, line.object_key, line.line_number;
