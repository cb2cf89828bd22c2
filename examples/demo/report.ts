// What the demo ends with: its figures as one object, the judgement on them, and a table for people. Pure.

export interface Report {
  readonly acknowledged: number
  readonly found: number
  readonly lost: number
  readonly doubled: number
  /** Rows on the old primary that were written after it had come back. */
  readonly onStalePrimary: number
  /** Rows that the old primary held as it came back, and in the end; the marker is not counted. */
  readonly stalePrimary: {
    readonly rowsBefore: number
    readonly rowsAfter: number
    readonly tookMarker: boolean
  }
  readonly inDoubt: { readonly written: number; readonly notWritten: number }
  /** The longest time without an acknowledged write around the failover. */
  readonly downtimeMillis: number
  /** Of that, until the successor took a write from a direct connection. */
  readonly clusterMillis: number
  /** From that direct write to the first one acknowledged through the pool. */
  readonly clientDelayMillis: number
  /** The longest time without an acknowledged write after the old primary had come back. */
  readonly returnPauseMillis: number
  readonly errors: Readonly<Record<string, number>>
  readonly splitBrain: string
  readonly durationMillis: number
}

/** Nothing lost, nothing written twice, nothing written to the wrong primary, which was there to be written to. */
export function isSound(report: Report): boolean {
  const { lost, doubled, onStalePrimary, stalePrimary } = report
  return lost === 0 && doubled === 0 && onStalePrimary === 0 && stalePrimary.tookMarker
}

export function reportTable(report: Report): string {
  const { stalePrimary, inDoubt } = report
  const errors = Object.entries(report.errors).map(([kind, count]): Row => [`  ${kind}`, String(count)])
  return renderTable([
    ['Downtime seen (longest gap between acknowledged writes)', millis(report.downtimeMillis)],
    ['  until the successor took a direct write', millis(report.clusterMillis)],
    ['  added by the client after that', millis(report.clientDelayMillis)],
    ['Longest gap as the old primary came back', millis(report.returnPauseMillis)],
    null,
    ['Errors that reached a caller', errors.length === 0 ? 'none' : ''],
    ...errors,
    ['Rows in doubt: written / not written', `${inDoubt.written} / ${inDoubt.notWritten}`],
    null,
    ['Rows acknowledged', String(report.acknowledged)],
    ['Rows found', String(report.found)],
    ['Rows lost', String(report.lost)],
    ['Rows doubled', String(report.doubled)],
    null,
    ['Two primaries', report.splitBrain],
    ['Stale primary took a direct write', stalePrimary.tookMarker ? 'yes' : 'no'],
    [
      'Stale primary: rows at its return / at the end',
      `${stalePrimary.rowsBefore} / ${stalePrimary.rowsAfter}`,
    ],
    ['Rows on the stale primary, written since its return', String(report.onStalePrimary)],
  ])
}

/** Null: a line. */
export type Row = readonly [name: string, value: string] | null

export function renderTable(rows: readonly Row[]): string {
  const wide = (column: 0 | 1): number => Math.max(...rows.map((row) => row?.[column].length ?? 0))
  const [names, values] = [wide(0), wide(1)]
  const line = `+${'-'.repeat(names + 2)}+${'-'.repeat(values + 2)}+`
  const body = rows.map((row) =>
    row === null ? line : `| ${row[0].padEnd(names)} | ${row[1].padStart(values)} |`,
  )
  return [line, ...body, line].join('\n')
}

function millis(value: number): string {
  return `${value.toFixed(1)} ms`
}
