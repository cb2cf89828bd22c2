// A statement in one batch with the question for its transaction: to its caller it must be what pg's own query is.
import pg, { type QueryConfig } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDirect } from '../../../src/failover/witness.ts'
import { WitnessedQuery } from '../../../src/pooling/witnessed-query.ts'
import { type Cluster, startCluster } from '../../../src/testing/index.ts'
import { rejection } from '../../support/workload.ts'

type Outcome = { readonly result: unknown } | { readonly error: Record<string, unknown> }

const TABLE = `create table items (id serial primary key, name text not null, at timestamptz, n numeric, tags text[],
  doc jsonb, unique (name) deferrable initially deferred)`

const STATEMENTS: readonly (readonly [string, string | QueryConfig, unknown[]?])[] = [
  ['an insert with values', 'insert into items (name, n) values ($1, $2)', ['a', 1.5]],
  ['an insert without values', "insert into items (name) values ('b')"],
  [
    'rows of every type',
    'insert into items (name, at, tags, doc) values ($1, $2, $3, $4) returning *, 1::int8 as big',
    ['c', new Date(0), ['x', 'y'], { a: [1] }],
  ],
  ['rows without values', "update items set n = 2 where name = 'a' returning id, n, tags"],
  [
    'rows as arrays',
    {
      text: 'delete from items where name = $1 returning id, name',
      values: ['b'],
      rowMode: 'array',
    } as QueryConfig,
  ],
  ['several rows', 'insert into items (name) select g::text from generate_series(1, 300) g returning id'],
  ['no rows', 'delete from items where false'],
  [
    'a named statement',
    { name: 'put', text: 'insert into items (name) values ($1) returning id', values: ['n1'] },
  ],
  [
    'a named statement again',
    { name: 'put', text: 'insert into items (name) values ($1) returning id', values: ['n2'] },
  ],
  [
    'a name used for another text',
    { name: 'put', text: 'delete from items where name = $1', values: ['n2'] },
  ],
  [
    'types of its own',
    {
      text: "update items set n = 3 where name = 'a' returning n, at",
      types: { getTypeParser: () => (v: unknown) => `<${String(v)}>` } as never,
    },
  ],
  [
    'binary results',
    {
      text: 'update items set n = 4 where name = $1 returning id, name',
      values: ['a'],
      binary: true,
    } as QueryConfig,
  ],
  [
    'binary preferred, without values',
    { text: "update items set n = 4 where name = 'a' returning id", binary: true } as QueryConfig,
  ],
  [
    'a data-modifying query',
    'with gone as (delete from items where n = $1 returning name) select count(*) from gone',
    [4],
  ],
  ['a syntax error', 'insert into items set nonsense'],
  ['a unique violation at the commit', "insert into items (name) values ('c')"],
  ['a value of the wrong type', 'insert into items (n) values ($1)', ['x']],
  ['too few values', 'insert into items (name, n) values ($1, $2)', ['only']],
  ['a value that cannot be written out', 'insert into items (name) values ($1)', [circular()]],
  ['values that are no array', { text: 'insert into items (name) values ($1)', values: 'x' as never }],
  ['an empty text', ''],
]

function circular(): unknown {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}

describe.each([18, 12])('on PostgreSQL %i', (version) => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 1, version })
    await cluster.primary.query(TABLE)
  })
  afterAll(() => cluster.stop())

  test.each([{ hold: false }, { hold: true }])('each outcome is as pg gives it (%o)', async (options) => {
    const plain = await outcomes((client, text, values) => client.query(text as string, values))
    await cluster.primary.query('truncate items restart identity')
    const witnessed = await outcomes((client, text, values) =>
      run(client, new WitnessedQuery(text, values, options)),
    )
    await cluster.primary.query('truncate items restart identity')
    for (const [i, [name]] of STATEMENTS.entries()) {
      expect({ [name]: witnessed[i] }).toEqual({ [name]: plain[i] })
    }
  })

  test('the transaction is named before it is committed, and found committed afterwards', async () => {
    await using client = await connected()
    for (const hold of [false, true]) {
      const query = new WitnessedQuery('insert into items (name) values ($1)', [`w${hold}`], { hold })
      await run(client.pg, query)
      expect(query.stage).toBe('witnessed')
      expect(query.commandTag).toBe('INSERT 0 1')
      const { rows } = await cluster.primary.query(
        'select pg_catalog.txid_status($1::bigint) as status, pg_current_wal_insert_lsn() > $2::pg_lsn as written',
        [query.witness?.xid, query.witness?.lsn],
      )
      expect(rows).toEqual([{ status: 'committed', written: true }])
      expect(query.witness).toMatchObject({ timeline: 1, serverStart: expect.stringMatching(/^\d+\.\d+$/) })
    }
  })

  test('a statement that writes nothing has no transaction to name', async () => {
    await using client = await connected()
    const query = new WitnessedQuery('delete from items where false', undefined, { hold: false })
    await run(client.pg, query)
    expect(query.witness?.xid).toBeNull()
  })

  test('the server sees our own socket where nothing lies between, and another one behind a proxy', async () => {
    for (const [url, direct] of [
      [cluster.primary.directUrl, true],
      [cluster.primary.url, false],
    ] as const) {
      await using client = await connected(url)
      const query = new WitnessedQuery('delete from items where false', undefined, { hold: false })
      await run(client.pg, query)
      const { localAddress, localPort } = client.pg.connection.stream as import('node:net').Socket
      const witness = query.witness
      if (witness === null) throw new Error('A witness was expected')
      expect(isDirect(witness, { address: localAddress, port: localPort })).toBe(direct)
    }
  })

  test('where the question cannot be answered the statement is undone, and the query says so', async () => {
    await using client = await connected()
    await client.pg.query('begin')
    await client.pg.query('create role nobody_special')
    await client.pg.query('revoke execute on function pg_current_wal_insert_lsn() from public')
    await client.pg.query(
      'grant insert on items to nobody_special; grant usage on sequence items_id_seq to nobody_special',
    )
    await client.pg.query('set local role nobody_special')
    const query = new WitnessedQuery("insert into items (name) values ('undone')", undefined, { hold: false })
    expect((await rejection(run(client.pg, query))).code).toBe('42501')
    expect(query.isUnanswerable).toBe(true)
    expect(query.commandTag).toBe('INSERT 0 1')
    await client.pg.query('rollback')
  })

  test('an error of the statement itself, or of its commit, is not taken for that', async () => {
    await using client = await connected()
    await run(
      client.pg,
      new WitnessedQuery("insert into items (name) values ('twice')", undefined, { hold: true }),
    )
    for (const text of [
      'insert into items (name) values (null)',
      "insert into items (name) values ('twice')",
    ]) {
      const query = new WitnessedQuery(text, undefined, { hold: true })
      await rejection(run(client.pg, query))
      expect(query.isUnanswerable).toBe(false)
      expect(await client.pg.query('select 1 as one')).toMatchObject({ rows: [{ one: 1 }] })
    }
  })

  test('a commit that was held and may not be sent any more is cut off, and nothing is committed', async () => {
    await using client = await connected()
    client.pg.on('error', () => {})
    const text = "insert into items (name) values ('too late')"
    const query = new WitnessedQuery(text, undefined, { hold: true, mayCommit: () => false })
    await rejection(run(client.pg, query))
    expect([query.stage, query.commitSent]).toEqual(['witnessed', false])
    const { rows } = await cluster.primary.query("select 1 from items where name = 'too late'")
    expect(rows).toEqual([])
  })

  async function connected(url = cluster.primary.directUrl) {
    const client = new pg.Client(url)
    await client.connect()
    return { pg: client, [Symbol.asyncDispose]: () => client.end() }
  }

  async function outcomes(
    how: (client: pg.Client, text: string | QueryConfig, values: unknown[] | undefined) => unknown,
  ): Promise<readonly Outcome[]> {
    await using client = await connected()
    const list: Outcome[] = []
    for (const [, text, values] of STATEMENTS) list.push(await outcomeOf(() => how(client.pg, text, values)))
    return list
  }
})

function run(client: pg.Client, query: WitnessedQuery): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result))
    ;(client.query as unknown as (query: unknown, values: unknown, done: unknown) => void)(
      query,
      undefined,
      done,
    )
  })
}

async function outcomeOf(work: () => unknown): Promise<Outcome> {
  try {
    const { command, rowCount, rows, fields, oid } = (await work()) as pg.QueryResult
    return {
      result: {
        command,
        rowCount,
        rows,
        oid,
        fields: fields.map(({ name, dataTypeID, format }) => ({ name, dataTypeID, format })),
      },
    }
  } catch (error) {
    const { message, code, detail, constraint, position, severity } = error as Error & Record<string, unknown>
    return { error: { message, code, detail, constraint, position, severity } }
  }
}
