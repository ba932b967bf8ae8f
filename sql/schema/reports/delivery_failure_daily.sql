-- One row per day of sending, in the campaign's time zone, carrier, provider and reason of failure.
create table if not exists reports.delivery_failure_daily (
    -- Day of sending in the campaign's time zone (warehouse.campaign_setting.report_tz, UTC for a campaign that is not
    -- there): a row adds up campaigns of all zones, each by its own day. Messages that were never accepted are not here.
    sent_date_report date not null,
    -- Mobile country and network code of the recipient's carrier; '-' when not known.
    carrier varchar(64) not null,
    -- Name of the carrier; NULL when warehouse.dim_carrier does not list it.
    carrier_name varchar(64),
    -- SMSC or gateway that said that the message failed, whose code it is; after a fail-over not always that of the latest
    -- attempt.
    provider varchar(64) not null,
    -- Reason of the failure, as in warehouse.fact_message.
    failure_category varchar(32) not null,
    -- The provider's code; '-' for a failure without one.
    error_code varchar(32) not null,
    -- Messages that failed for this reason.
    messages bigint not null,
    -- Messages of this day and carrier that were accepted, whatever became of them.
    sent bigint not null,
    -- messages / sent: a share between 0 and 1.
    pct_of_sent decimal(18, 6),
    -- Of messages, those that trying again cannot help.
    permanent_messages bigint not null,
    -- Different recipients (recipient_key) among them. Not to be summed.
    distinct_recipients bigint not null,
    -- First of these failures, UTC.
    first_seen timestamp,
    -- Last of these failures, UTC.
    last_seen timestamp,
    -- The clock of the refresh, UTC.
    as_of timestamp not null
)
diststyle all
sortkey (sent_date_report);
