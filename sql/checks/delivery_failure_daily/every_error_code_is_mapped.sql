-- warehouse.dim_delivery_error lists every error code that messages of the report's days, which in zones east of Greenwich
-- begin on the UTC day before, failed with or were refused with. Those of a code that it does not list have
-- failure_category UNKNOWN: add the code to sql/reference/dim_delivery_error.sql.
select
    message.final_error_provider as provider,
    message.final_error_code as error_code,
    count(*) as messages,
    max(message.cohort_date) as last_sent_date
from warehouse.fact_message as message
left join warehouse.dim_delivery_error as error
    on error.provider = message.final_error_provider
    and error.error_code = message.final_error_code
left join warehouse.dim_delivery_error as any_provider
    on any_provider.provider = '*'
    and any_provider.error_code = message.final_error_code
where message.cohort_date >= dateadd(day, -1, cast(:window_start as date))
    and message.cohort_at <= :as_of
    and message.final_error_code is not null
    and error.provider is null
    and any_provider.provider is null
group by message.final_error_provider, message.final_error_code
order by messages desc, provider, error_code;
