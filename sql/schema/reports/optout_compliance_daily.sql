-- One row per day and program in which somebody opted out, or a line was deactivated: how it came about, and whether it was
-- heeded. What was sent later counts under the day of the opt-out it went against. No event says which program a message
-- belongs to, so while an opt-out holds every message to that recipient counts against it, whichever program was left and
-- service messages too: reports.sent_after_optout has each with its campaign and category, for a person to judge.
create table if not exists reports.optout_compliance_daily (
    -- Day the change took effect, in report_tz.
    effective_date date not null,
    -- The program that was left; ALL for every one.
    program_id varchar(64) not null,
    -- Events OPTED_OUT that took effect on the day, also those of recipients who had opted out before. opt_outs =
    -- by_keyword + by_web + by_agent + by_import + by_carrier + by_erasure + by_other.
    opt_outs bigint not null,
    -- Of opt_outs, by a word that the recipient sent (MO_KEYWORD).
    by_keyword bigint not null,
    -- Of opt_outs, on a web page (WEB).
    by_web bigint not null,
    -- Of opt_outs, by an agent (AGENT).
    by_agent bigint not null,
    -- Of opt_outs, from an imported list (IMPORT).
    by_import bigint not null,
    -- Of opt_outs, from a carrier's file of deactivated numbers (CARRIER_DEACT).
    by_carrier bigint not null,
    -- Of opt_outs, because the person asked to be erased (ERASURE).
    by_erasure bigint not null,
    -- Of opt_outs, in any other way: method is an open code, and the services may name ways of their own.
    by_other bigint not null,
    -- Of opt_outs, those put down to a message.
    attributed_to_message bigint not null,
    -- Messages of any program whose delivery was completed on the day: the denominator of optout_rate.
    delivered bigint not null,
    -- attributed_to_message / delivered; NULL when nothing was delivered that day.
    optout_rate decimal(18, 6),
    -- Of the opt-outs that began to hold on the day: 95th percentile, interpolated, of the minutes from the opt-out to the
    -- last message that was sent after it while it held, 0 for an opt-out after which none was. NULL when every opt-out of
    -- the day repeated one that held already.
    p95_min_to_suppression decimal(18, 6),
    -- Messages accepted more than five minutes after an opt-out of this day and program, while it held: see
    -- reports.refusal. Five minutes leave room for the confirmation and for what was on its way.
    sent_after_optout bigint not null,
    -- Of sent_after_optout, those with ten or more whole business days (warehouse.dim_date) between the day of the opt-out
    -- and the day of sending, both in report_tz. The law allows none.
    sent_after_10_business_days bigint not null,
    -- Messages accepted more than five minutes after a line was deactivated on this day, before the line was given to
    -- someone else or consent was given again.
    deactivated_numbers_hit bigint not null,
    -- IANA time zone of the days.
    report_tz varchar(64) not null,
    -- The clock of the refresh, UTC: messages and changes of later times are not counted.
    as_of timestamp not null
)
diststyle all
sortkey (effective_date, program_id);
