// The figures as lines of docs/scale.md.
import { type Behaviour, HORIZON_SECONDS, type Storm } from './storm.ts'

const HEAD = [
  [
    '',
    'logins, most in one second',
    'logins in all',
    'refused',
    'given up',
    'sessions at most',
    'half served',
    'all served',
  ],
]

export function stormTable(storms: Readonly<Record<Behaviour, Storm>>): readonly string[] {
  const rows = (['pg-ha', 'naive'] as const).map((kind) => {
    const { peakLogins, logins, refusals, timeouts, mostSessions, halfMillis, allMillis } = storms[kind]
    const counts = [peakLogins, logins, refusals, timeouts, mostSessions]
    return [kind, ...counts.map(String), seconds(halfMillis), seconds(allMillis)]
  })
  return table([...HEAD, ...rows])
}

export function looksTable(
  looks: (when: 'rest' | 'outage', steadyMillis: number) => number,
): readonly string[] {
  const rows = [1000, 5000, 10_000].map((millis) => [
    `\`probeIntervalMillis\` ${millis}`,
    String(looks('rest', millis)),
    String(looks('outage', millis)),
  ])
  return table([['looks a second at each node', 'at rest', 'at a standby, without a primary'], ...rows])
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`)
  return [lines[0] ?? '', `|${'---|'.repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)]
}

function seconds(millis: number | null): string {
  return millis === null ? `not in ${HORIZON_SECONDS} s` : `${(millis / 1000).toFixed(1)} s`
}
