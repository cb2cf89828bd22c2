// The roles of a lab's clusters. The lab's network is closed: its passwords are no secrets.

export const SUPERUSER = { username: 'postgres', password: 'super' }
export const REPLICATION = { username: 'replicator', password: 'replicator' }
export const REWIND = { username: 'rewinder', password: 'rewinder' }
export const APPLICATION = { username: 'app', password: 'app' }
export const MONITOR = { username: 'monitor', password: 'monitor' }
export const DATABASE = 'app'

/** What the applications write to. The server says itself where a row landed; no key, so that a row written twice shows. */
export const TABLE = 'lab_rows'

/** Run once in a new cluster, as a superuser in the database `postgres`. */
export const ROLES_SQL = `
create role ${APPLICATION.username} login password '${APPLICATION.password}';
create role ${MONITOR.username} login password '${MONITOR.password}' in role pg_monitor;
create database ${DATABASE} owner ${APPLICATION.username};
`

/** Run after that, in the new database; `whoSql` is the lab's. */
export function tablesSql(whoSql: string): string {
  return `
create table ${TABLE} (app text not null, key text not null, node text not null default ${whoSql});
alter table ${TABLE} owner to ${APPLICATION.username};
create table lab_probe (id int primary key, at timestamptz);
insert into lab_probe values (1, now());
`
}
