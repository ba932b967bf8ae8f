-- Nobody was sent a message ten business days after opting out. reports.sent_after_optout has each such message, for those
-- who may see persons.
select
    effective_date,
    program_id,
    opt_outs,
    sent_after_optout,
    sent_after_10_business_days
from reports.optout_compliance_daily
where sent_after_10_business_days > 0
order by effective_date, program_id;
