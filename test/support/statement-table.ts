// The table of statements: where it is, what a row holds.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export interface StatementRow {
  /** The text itself. */
  readonly name: string
  readonly goes: 'standby' | 'primary'
  /** Default: it only reads. */
  readonly why?: string
  /** A standby would run it, too. */
  readonly possible?: boolean
  /** How a standby refuses it; the primary then runs it. */
  readonly refused?: string
  /** How it fails anywhere. */
  readonly fails?: string
}

export const STATEMENTS: URL = new URL('../spec/routing/statements.yaml', import.meta.url)
export const STATEMENT_KEYS = { required: ['goes'], optional: ['why', 'possible', 'refused', 'fails'] }

export function statementRows(): readonly StatementRow[] {
  return parse(readFileSync(STATEMENTS, 'utf8')) as StatementRow[]
}

/** The row's line in docs/routing.md. */
export function documentLine({ name, goes, why, possible, refused }: StatementRow): string {
  const place = refused === undefined ? goes : `${goes}, then primary`
  const reason = why ?? 'it only reads'
  const remark = refused === undefined ? '' : `; a standby refuses it (${refused})`
  return `| \`${name.replaceAll('|', '\\|')}\` | ${place} | ${reason}${remark}${possible ? ' *' : ''} |`
}
