-- Up Migration
insert into notes select id, 'node-pg-migrate' from generate_series(1, 1000) as id;
select pg_advisory_xact_lock(1);

-- Down Migration
truncate notes;
