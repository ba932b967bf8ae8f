-- One row per rule of the decision table that says what to do about a message: the rules are tried in their order, and the
-- first whose every condition fits decides. A condition that is NULL fits any message; the last rule has none.
-- Written once by the first migration and never again: `sms-warehouse follow-up set-rules` replaces them.
create table if not exists reports.follow_up_rule (
    -- Order in which the rules are tried, smallest first.
    rule_order integer not null,
    -- Whether an opt-out is put down to the message or, for reports.followup_audience, an opt-out of the recipient's
    -- holds, from any program, as in reports.refusal.
    opted_out boolean,
    -- The message's delivery_outcome, as in reports.message_status: NOT_SENT, DELIVERED, FAILED, PENDING or UNKNOWN.
    outcome varchar(16),
    -- Whether a person clicked or answered.
    engaged boolean,
    -- Whether a person clicked.
    clicked boolean,
    -- Whether trying again is of no use; FALSE also fits where nobody says.
    failure_permanent boolean,
    -- Why it failed, as in warehouse.dim_delivery_error.
    failure_category varchar(32),
    -- At most so many attempts were made.
    max_attempts integer,
    -- It was sent (or, never accepted, first tried) at least so many hours ago.
    min_age_hours integer,
    -- It was sent less than so many hours ago.
    max_age_hours integer,
    -- Whether a later message that was accepted follows it up.
    followed_up boolean,
    -- Whether it follows up another message itself.
    is_follow_up boolean,
    -- Whether it has a link (link_token), without which nobody can click.
    has_link boolean,
    -- What to do.
    action varchar(32) not null,
    -- CONTACT: something is sent to the recipient, so consent, frequency cap and quiet hours apply. INTERNAL: something is
    -- done without them, at any hour. NOTHING: nothing is done.
    effect varchar(16) not null,
    -- Why, in words for the person who acts on it.
    reason varchar(256) not null,
    -- Which rows to act on first: 1 before 2.
    priority integer not null,
    -- Hours for which it makes sense, from the time the last condition came to fit; NULL for no limit.
    valid_hours integer
)
diststyle all
sortkey (rule_order);
