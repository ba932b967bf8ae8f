-- Reference data, filled from sql/reference.

-- One row per rule that tells clicks of robots, in the order in which they are tried.
create table if not exists warehouse.dim_bot_rule (
    -- Order in which the rules are tried: the first that applies names the class.
    rule_order smallint not null,
    -- The class, as in warehouse.fact_click.
    click_class varchar(16) not null,
    -- The number in the rule's meaning; NULL for a rule without one.
    threshold integer,
    -- When the rule applies.
    meaning varchar(256) not null,
    -- Version of the whole set of rules; it counts up when any rule changes.
    ruleset_version smallint not null
)
diststyle all
sortkey (rule_order);

-- One row per autonomous system that says something about its clicks.
create table if not exists warehouse.dim_asn (
    -- Number of the autonomous system.
    asn bigint not null,
    -- DATACENTER: its requests are a machine's; no network of relays or web gateways, which people come through. OWN_CGNAT: a carrier's addresses that many subscribers share, so that
    -- many links from one are no sign of a machine.
    asn_kind varchar(16) not null,
    -- Who runs it.
    asn_name varchar(64) not null
)
diststyle all
sortkey (asn);

-- One row per mobile network.
create table if not exists warehouse.dim_carrier (
    -- Mobile country and network code, leading zeros kept.
    mcc_mnc varchar(6) not null,
    -- Name of the network.
    carrier_name varchar(64) not null,
    -- ISO 3166 code of its country.
    country varchar(2) not null,
    -- Whether it is the client's own.
    is_own_network boolean not null
)
diststyle all
sortkey (mcc_mnc);

-- One row per error code of a provider; provider '*' stands for all, and 'state:...' for a failure without a code.
-- When a code was mapped is not here: each migration fills the table anew from sql/reference, whose history tells.
create table if not exists warehouse.dim_delivery_error (
    -- SMSC or gateway; '*' for all.
    provider varchar(64) not null,
    -- The provider's code; 'state:...' for a failure without one.
    error_code varchar(32) not null,
    -- INVALID_NUMBER, NOT_SMS_CAPABLE, UNREACHABLE_TEMPORARY, EXPIRED_TTL, CARRIER_FILTERED,
    -- RECIPIENT_BLOCKED_OR_OPTED_OUT, NETWORK_ROUTING, PLATFORM_REJECTED or UNKNOWN.
    failure_category varchar(32) not null,
    -- Whether trying again is of no use; NULL when the code does not tell.
    is_permanent boolean,
    -- What the provider means by it.
    description varchar(256) not null
)
diststyle all
sortkey (provider, error_code);

-- One row per time zone name that CONVERT_TIMEZONE can be trusted with; another name would fail the statement.
create table if not exists warehouse.dim_time_zone (
    -- IANA name.
    time_zone varchar(64) not null,
    -- The name CONVERT_TIMEZONE is given for it.
    redshift_name varchar(64) not null
)
diststyle all
sortkey (time_zone);

-- One row per day, for joining reports to weeks, holidays and working days.
create table if not exists warehouse.dim_date (
    -- The day.
    date_key date not null,
    -- Year of the ISO 8601 week: weeks begin on Monday and belong to the year of their Thursday.
    iso_year smallint not null,
    -- Number of the ISO 8601 week.
    iso_week smallint not null,
    -- Calendar year.
    year_number smallint not null,
    -- 1 to 4.
    quarter_number smallint not null,
    -- 1 to 12.
    month_number smallint not null,
    -- 1 to 31.
    day_of_month smallint not null,
    -- 1 to 366.
    day_of_year smallint not null,
    -- Day of the week, 0 is Sunday.
    dow smallint not null,
    -- Saturday or Sunday.
    is_weekend boolean not null,
    -- A federal holiday of the United States, or the working day it is observed on.
    is_holiday boolean not null,
    -- Name of the holiday; NULL on other days.
    holiday_name varchar(64),
    -- Neither weekend nor holiday.
    is_business_day boolean not null,
    -- The fiscal year is the calendar year.
    fiscal_year smallint not null,
    -- Fiscal quarter: the calendar quarter.
    fiscal_quarter smallint not null
)
diststyle all
sortkey (date_key);
