-- What the receipts say counts where they agree; where they do not, the message is worked out again to find out.
update remapped_failure
set permanent_after = (said_failure.highest = 1)
from said_failure
where said_failure.message_id = remapped_failure.message_id
    and said_failure.lowest = said_failure.highest
    and said_failure.lowest >= 0;

delete from remapped_failure
using said_failure
where said_failure.message_id = remapped_failure.message_id
    and said_failure.lowest = said_failure.highest
    and remapped_failure.category_before = remapped_failure.category_after
    and (
        remapped_failure.permanent_before = remapped_failure.permanent_after
        or (
            remapped_failure.permanent_before is null
            and remapped_failure.permanent_after is null
        )
    );
