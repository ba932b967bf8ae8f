insert into traced_message (message_id)
select cast(:message_id as varchar(26)) as message_id;
