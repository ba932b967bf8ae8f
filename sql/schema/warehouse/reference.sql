-- Reference data, filled from sql/reference.

-- One row per rule that tells clicks of robots, in the order in which they are tried.
create table if not exists warehouse.dim_bot_rule (
    rule_order smallint not null,
    click_class varchar(16) not null,
    threshold integer,
    meaning varchar(256) not null,
    ruleset_version smallint not null
)
diststyle all
sortkey (rule_order);

-- One row per autonomous system that says something about its clicks.
create table if not exists warehouse.dim_asn (
    asn bigint not null,
    asn_kind varchar(16) not null,
    asn_name varchar(64) not null
)
diststyle all
sortkey (asn);

-- One row per mobile network.
create table if not exists warehouse.dim_carrier (
    mcc_mnc varchar(6) not null,
    carrier_name varchar(64) not null,
    country varchar(2) not null,
    is_own_network boolean not null
)
diststyle all
sortkey (mcc_mnc);

-- One row per error code of a provider; provider '*' stands for all, and 'state:...' for a failure without a code.
create table if not exists warehouse.dim_delivery_error (
    provider varchar(64) not null,
    error_code varchar(32) not null,
    failure_category varchar(32) not null,
    is_permanent boolean,
    description varchar(256) not null
)
diststyle all
sortkey (provider, error_code);

-- One row per time zone name that CONVERT_TIMEZONE can be trusted with; another name would fail the statement.
create table if not exists warehouse.dim_time_zone (
    time_zone varchar(64) not null,
    redshift_name varchar(64) not null
)
diststyle all
sortkey (time_zone);

-- One row per day, for joining reports to weeks, holidays and working days.
create table if not exists warehouse.dim_date (
    date_key date not null,
    -- Year and number of the ISO 8601 week: weeks begin on Monday and belong to the year of their Thursday.
    iso_year smallint not null,
    iso_week smallint not null,
    year_number smallint not null,
    quarter_number smallint not null,
    month_number smallint not null,
    day_of_month smallint not null,
    day_of_year smallint not null,
    -- Day of the week, 0 is Sunday.
    dow smallint not null,
    -- Saturday or Sunday.
    is_weekend boolean not null,
    -- A federal holiday of the United States, or the working day it is observed on.
    is_holiday boolean not null,
    holiday_name varchar(64),
    -- Neither weekend nor holiday.
    is_business_day boolean not null,
    -- The fiscal year is the calendar year.
    fiscal_year smallint not null,
    fiscal_quarter smallint not null
)
diststyle all
sortkey (date_key);
