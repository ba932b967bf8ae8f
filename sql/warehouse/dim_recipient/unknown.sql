-- The recipient of messages whose submission is not known.
insert into warehouse.dim_recipient (recipient_key, recipient_id, assignment_seq, loaded_at)
select
    '-' as recipient_key,
    '-' as recipient_id,
    0 as assignment_seq,
    cast(:now as timestamp) as loaded_at
where
    not exists (
        select 1
        from warehouse.dim_recipient
        where recipient_id = '-'
    );
