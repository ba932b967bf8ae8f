-- Where a person may still be told: whom to erase, whom not to, and what identifiers stand for since. Nobody reads these
-- tables but landing, erasure and those who answer people's requests; no report is made from them.

create schema if not exists pii;

-- One row per recipient that was asked to be erased. Landing knows them by it, so that old files cannot bring one back.
create table if not exists pii.erasure_registry (
    -- The request, as whoever handles it numbers it.
    request_id varchar(64) not null,
    -- The recipient_id that is erased, whoever has the line.
    recipient_id varchar(64) not null,
    -- What stands for the recipient outside this schema: erased- and 16 random digits.
    recipient_alias varchar(64) not null,
    -- Random; what stands for messages and visitors is hashed with it.
    secret varchar(64) not null,
    -- When it was asked for, UTC.
    requested_at timestamp not null,
    -- Until when it has to be done, UTC: 30 days after requested_at.
    due_at timestamp not null,
    -- When everything was erased and the search found nothing, UTC; NULL while it is not done, and again until the person
    -- is erased once more: after a legal hold, under which what lands stays whole, and when a line of theirs brings a token
    -- that was not known.
    erased_at timestamp
)
diststyle all;

-- One row per phone number token of an erased recipient.
create table if not exists pii.erased_token (
    -- The request.
    request_id varchar(64) not null,
    -- Keyed HMAC of a phone number.
    msisdn_token varchar(64) not null
)
diststyle all;

-- One row per message of an erased recipient, so that its receipts and clicks are known when they come.
create table if not exists pii.erased_message (
    -- The message, as services name it.
    message_id varchar(26) not null,
    -- What stands for it in the warehouse: the ten characters that tell its time, and a hash.
    message_alias varchar(26) not null,
    -- The request.
    request_id varchar(64) not null,
    -- The recipient.
    recipient_id varchar(64) not null,
    -- Random, as in pii.erasure_registry.
    secret varchar(64) not null,
    -- Token in its URL; NULL without a link.
    link_token varchar(64),
    -- When the facts followed, UTC; NULL while they have not.
    followed_at timestamp
)
distkey (message_id)
sortkey (message_id);

-- One row per name that a provider gave to a message of an erased recipient, so that receipts which name no message are
-- known when they come.
create table if not exists pii.erased_provider_id (
    -- The request.
    request_id varchar(64) not null,
    -- The SMSC or gateway.
    provider varchar(64) not null,
    -- The provider's id of the message.
    provider_message_id varchar(64) not null
)
distkey (provider_message_id)
sortkey (provider_message_id);

-- One row per phone number, program and STOP of an erased person, STOPs and numbers that came after the erasure included:
-- kept so that a STOP is honoured for good. Nothing in the warehouse reads it, for lists are made of recipients: the sending
-- service has to, before each message to a number. It must not send to a token that has a row of the program, or of ALL,
-- unless it has a consent of the number from after the newest since.
create table if not exists pii.suppression (
    -- Keyed HMAC of the phone number.
    msisdn_token varchar(64) not null,
    -- The program, or ALL.
    program_id varchar(64) not null,
    -- From when the STOP holds, UTC.
    since timestamp not null
)
diststyle all;

-- One row per time a recipient was put under legal hold: while it holds nothing of them is taken away, also not by an
-- erasure under way, and what lands of them stays whole. Once it is released the person has to be erased again.
create table if not exists pii.legal_hold (
    -- The recipient.
    recipient_id varchar(64) not null,
    -- Why: the case, and who asked.
    reason varchar(1024) not null,
    -- Since when, UTC.
    placed_at timestamp not null,
    -- Until when, UTC; NULL while it holds.
    released_at timestamp
)
diststyle all;

-- One row per line that was emptied though no column names the person: quarantined lines, answers with their number alone,
-- receipts with the provider's name of a message alone.
create table if not exists pii.erased_line (
    -- The request.
    request_id varchar(64) not null,
    -- The object; control.landed_object knows it.
    object_id varchar(64) not null,
    -- Physical line within it, from 1.
    line_number bigint not null
)
diststyle all;

-- One row per request that no legal hold stops; whatever takes something away asks for it.
--   request_id  the request
create or replace view pii.erasable_request as
select registry.request_id
from pii.erasure_registry as registry
left join pii.legal_hold as hold
    on hold.recipient_id = registry.recipient_id
    and hold.released_at is null
where hold.recipient_id is null;

-- One row per line of which no text may be left: the files of those that were too long for a column are removed by it, for
-- S3 takes no part in transactions.
--   object_id    the object
--   line_number  physical line within it
create or replace view pii.emptied_line as
select
    object_id,
    line_number
from pii.erased_line

except

select
    line.object_id,
    line.line_number
from pii.erased_line as line
left join pii.erasable_request as erasable
    on erasable.request_id = line.request_id
where erasable.request_id is null;

-- One row per word that leads to an erased person.
--   request_id  the request
--   identifier  recipient id, token of a phone number, message id or link token
create or replace view pii.identifier as
select
    request_id,
    recipient_id as identifier
from pii.erasure_registry

union all

select
    request_id,
    msisdn_token as identifier
from pii.erased_token

union all

select
    request_id,
    message_id as identifier
from pii.erased_message

union all

select
    request_id,
    link_token as identifier
from pii.erased_message
where link_token is not null;
