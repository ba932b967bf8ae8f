-- What the person had left stays left, for the number as it was.
insert into pii.suppression (msisdn_token, program_id, since)
with refused as (
    select
        erased.msisdn_token,
        consent.program_id,
        min(consent.valid_from) as since
    from warehouse.dim_subscription as consent
    join pii.erasure_registry as registry
        on registry.recipient_id = consent.recipient_id
    join pii.erased_token as erased
        on erased.request_id = registry.request_id
    where registry.request_id = :request_id
        and consent.status = 'OPTED_OUT'
        and consent.is_current
    group by erased.msisdn_token, consent.program_id
)

select
    refused.msisdn_token,
    refused.program_id,
    refused.since
from refused
left join pii.suppression as known
    on known.msisdn_token = refused.msisdn_token
    and known.program_id = refused.program_id
where known.msisdn_token is null;
