// What the checker writes to: tables that keep every application of a write, and the statements for them. Whoever brings
// them to a server, and tries again, is a `Store`.
import type { ClusterNode } from '../../src/testing/index.ts'
import { countAll } from './analyse.ts'
import type { Findings, Fork, Outcome, Transfer, WalPlace } from './history.ts'

export const ACCOUNTS = 20
export const OPENING_BALANCE = 1000

export interface Statement {
  readonly text: string
  readonly values: unknown[]
}

/** A way to get a write done: a pool, and what is done about its errors. */
export interface Store {
  /** Of its tables, too: a word. */
  readonly name: string
  /** Resolves when the write is acknowledged. */
  run(statement: Statement): Promise<WalPlace | null>
  /** What its caller is entitled to believe after this error. */
  outcomeOf(error: unknown): Exclude<Outcome, 'acknowledged'>
  /** Why nobody knows, after an error that left its caller in doubt. */
  doubt(error: unknown): string
  end(): Promise<void>
}

// No key where a write leaves its number: a statement applied twice must show.
export function schema(name: string): string {
  return `
    create table ${name}_rows (id int not null);
    create table ${name}_lists (list int primary key, items int[] not null);
    create table ${name}_ledger (id int not null, payer int not null, payee int not null, amount int not null);
    create table ${name}_accounts (account int primary key, balance int not null);
    insert into ${name}_accounts select n, ${OPENING_BALANCE} from generate_series(0, ${ACCOUNTS - 1}) n;`
}

/** Where the WAL stands once the change is made: before the commit. */
const PLACE = `pg_current_wal_insert_lsn() - '0/0' as lsn,
  substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline`

export function insertion(name: string, id: number): Statement {
  return { text: `insert into ${name}_rows values ($1) returning ${PLACE}`, values: [id] }
}

export function appending(name: string, id: number, list: number): Statement {
  const text = `insert into ${name}_lists as kept values ($1, array[$2::int])
    on conflict (list) do update set items = kept.items || excluded.items returning ${PLACE}`
  return { text, values: [list, id] }
}

export function transferring(name: string, id: number, { from, to, amount }: Transfer): Statement {
  const text = `with moved as (
      update ${name}_accounts set balance = balance + case account when $2 then -$4::int else $4::int end
      where account in ($2, $3) returning account)
    insert into ${name}_ledger select $1, $2, $3, $4 where (select count(*) from moved) = 2 returning ${PLACE}`
  return { text, values: [id, from, to, amount] }
}

export function placeOf(row: { lsn: string; timeline: string } | undefined): WalPlace | null {
  return row === undefined ? null : { lsn: BigInt(row.lsn), timeline: Number.parseInt(row.timeline, 16) }
}

export async function findings(node: ClusterNode, name: string): Promise<Findings> {
  const rows = await node.query<{ id: number }>(`select id from ${name}_rows`)
  const lists = await node.query<{ list: number; items: number[] }>(`select list, items from ${name}_lists`)
  const ledger = await node.query<{ id: number; payer: number; payee: number; amount: number }>(
    `select id, payer, payee, amount from ${name}_ledger`,
  )
  const balances = await node.query<{ account: number; balance: number }>(
    `select account, balance from ${name}_accounts`,
  )
  const found = {
    lists: new Map(lists.rows.map(({ list, items }) => [list, items])),
    ledger: ledger.rows.map(({ id, payer, payee, amount }) => ({ id, from: payer, to: payee, amount })),
  }
  const inserted = rows.rows.map(({ id }) => id)
  return {
    ...found,
    balances: new Map(balances.rows.map(({ account, balance }) => [account, balance])),
    times: countAll(inserted, found),
  }
}

/** Every fork on the way to where this primary is now, as its own history file tells it. */
export async function forksOf(primary: ClusterNode): Promise<readonly Fork[]> {
  const { rows } = await primary.query<{ parent: string; lsn: string; timeline: string }>(`
    with now as (select substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline),
    lines as (
      select now.timeline, regexp_split_to_array(line, '\\s+') as part
      from now, regexp_split_to_table(
        coalesce(pg_read_file('pg_wal/' || now.timeline || '.history', true), ''), '\\n') as line
      where line ~ '^[0-9]+\\s')
    select part[1] as parent, (part[2]::pg_lsn - '0/0')::text as lsn,
      coalesce(lead(part[1]) over (order by part[1]::int), ('x' || timeline)::bit(32)::int::text) as timeline
    from lines order by part[1]::int`)
  return rows.map(({ parent, lsn, timeline }) => ({
    parent: Number(parent),
    lsn: BigInt(lsn),
    timeline: Number(timeline),
  }))
}
