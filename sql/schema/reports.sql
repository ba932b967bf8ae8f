-- What the reporting application reads. Every table is rebuilt whole by one refresh and says for which clock (as_of).

create schema if not exists reports;
