-- warehouse.dim_delivery_error lists every error code that messages failed with. Those of a code that it does not list have
-- failure_category UNKNOWN: add the code to sql/reference/dim_delivery_error.sql.
select
    failure.provider,
    failure.error_code,
    cast(sum(failure.messages) as bigint) as messages,
    max(failure.sent_date_report) as last_sent_date
from reports.delivery_failure_daily as failure
left join warehouse.dim_delivery_error as error
    on error.provider = failure.provider
    and error.error_code = failure.error_code
left join warehouse.dim_delivery_error as any_provider
    on any_provider.provider = '*'
    and any_provider.error_code = failure.error_code
where failure.error_code <> '-'
    and error.provider is null
    and any_provider.provider is null
group by failure.provider, failure.error_code
order by messages desc, failure.provider, failure.error_code;
