-- One row per recipient with one of these actions (names between commas; none: all that contact the recipient).
create temp table chosen (
    recipient_key varchar(96),
    recipient_id varchar(64),
    message_id varchar(26),
    action varchar(32),
    is_contact boolean,
    priority integer,
    eligible_from timestamp,
    eligible_until timestamp,
    suppression_reason varchar(16)
)
distkey (message_id);

insert into chosen
select
    recipient_key,
    recipient_id,
    message_id,
    action,
    effect = 'CONTACT' as is_contact,
    priority,
    eligible_from,
    eligible_until,
    suppression_reason
from decision
where effect <> 'NOTHING'
    and (
        strpos(',' || cast(:actions as varchar(4096)) || ',', ',' || action || ',') > 0
        or (cast(:actions as varchar(4096)) = '' and effect = 'CONTACT')
    );
