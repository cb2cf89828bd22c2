-- Up Migration
create table notes (id int primary key, text text);

-- Down Migration
drop table notes;
