-- What leads to a person, put together once for all the columns that are searched for it.
create temp table if not exists searched_word (
    identifier varchar(64)
)
diststyle all;

delete from searched_word;

insert into searched_word
select distinct identifier
from pii.identifier
where request_id = :request_id;
