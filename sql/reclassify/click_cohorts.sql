insert into changed_cohort
select
    message.campaign_id,
    message.cohort_date_report,
    count(*) as messages,
    cast(sum(changed_count.human_before) as bigint) as human_before,
    cast(sum(changed_count.human_after) as bigint) as human_after
from changed_count
join warehouse.fact_message as message
    on message.message_id = changed_count.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub
group by message.campaign_id, message.cohort_date_report;
