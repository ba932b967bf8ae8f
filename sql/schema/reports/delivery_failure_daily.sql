-- One row per day of sending, in the campaign's time zone, carrier, provider and reason of failure.
create table if not exists reports.delivery_failure_daily (
    sent_date_report date not null,
    carrier varchar(64) not null,
    carrier_name varchar(64),
    provider varchar(64) not null,
    failure_category varchar(32) not null,
    error_code varchar(32) not null,
    messages bigint not null,
    sent bigint not null,
    pct_of_sent decimal(18, 6),
    permanent_messages bigint not null,
    distinct_recipients bigint not null,
    first_seen timestamp,
    last_seen timestamp,
    as_of timestamp not null
)
diststyle all
sortkey (sent_date_report);
