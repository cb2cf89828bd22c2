// What pg_proc says of the functions in the table of statements, for tests without a server; the integration test proves
// it right on a real one.
import type { FunctionRow } from '../../src/routing/function-volatility.ts'

const BUILT_IN_VOLATILE = [
  ...[
    'nextval',
    'setval',
    'pg_advisory_xact_lock',
    'pg_notify',
    'pg_current_wal_lsn',
    'set_config',
    'random',
  ],
  ...['clock_timestamp', 'gen_random_uuid', 'pg_sleep', 'pg_is_in_recovery', 'pg_total_relation_size'],
]
const BUILT_IN = [
  ...[
    'count',
    'sum',
    'now',
    'lower',
    'length',
    'substring',
    'extract',
    'to_char',
    'jsonb_build_object',
    'unnest',
  ],
  ...['generate_series', 'json_to_record', 'current_setting', 'txid_current'],
]

export const KNOWN_FUNCTIONS: readonly FunctionRow[] = [
  ...BUILT_IN_VOLATILE.map((name) => ({ schema: 'pg_catalog', name, isVolatile: true, isOnPath: true })),
  ...BUILT_IN.map((name) => ({ schema: 'pg_catalog', name, isVolatile: false, isOnPath: true })),
  ...['doubled', 'found', 'counted'].map((name) => publicFunction(name, false)),
  ...['touched', 'quiet'].map((name) => publicFunction(name, true)),
  { schema: 'app', name: 'found', isVolatile: false, isOnPath: false },
  { schema: 'app', name: 'touched', isVolatile: true, isOnPath: false },
  { schema: 'app', name: 'hidden', isVolatile: false, isOnPath: false },
]

function publicFunction(name: string, isVolatile: boolean): FunctionRow {
  return { schema: 'public', name, isVolatile, isOnPath: true }
}

/** The schema that the statements of the table are about. */
export const STATEMENT_SCHEMA = `
  create table t (id int primary key, v text);
  insert into t values (1, 'one'), (2, 'two');
  create sequence s;
  create unlogged table scratch (id int);
  create view plain_view as select * from t;
  create materialized view mat_view as select * from t;
  create schema app;
  create function doubled(int) returns int immutable language sql as 'select $1 * 2';
  create function found(int) returns bigint stable language sql as 'select count(*) from t where id = $1';
  create function app.found(int) returns bigint stable language sql as 'select count(*) from t where id = $1';
  create function app.hidden() returns int stable language sql as 'select 1';
  create function touched() returns int volatile language sql as 'update t set v = v where id = 1 returning id';
  create function app.touched() returns int volatile language sql as 'update t set v = v where id = 1 returning id';
  create function quiet() returns int volatile language sql as 'select 1';
  create function counted() returns bigint stable language sql as $$ select nextval('s') $$;
  create view counting_view as select nextval('s') as n;
  create procedure proc() language sql as 'update t set v = v where id = 2';
`
