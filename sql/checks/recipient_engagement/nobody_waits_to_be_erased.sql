-- Every request to be erased was done within a day, unless a legal hold stops it. One that was not was interrupted, or its
-- search found something: "sms-warehouse erase --list" tells which, and the same call goes on.
select
    count(*) as open_requests,
    cast(sum(case when registry.due_at < :as_of then 1 else 0 end) as bigint) as overdue,
    min(registry.due_at) as first_due_at
from pii.erasure_registry as registry
join pii.erasable_request as erasable
    on erasable.request_id = registry.request_id
where registry.erased_at is null
    and registry.requested_at < dateadd(day, -1, cast(:as_of as timestamp))
having count(*) > 0;
