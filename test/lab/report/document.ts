// The fault matrix as a document, from the results of a run. Pure.
import type { ClientResult, ScenarioResult } from '../results/result.ts'
import type { Scenario } from '../scenarios/scenario.ts'

const HEAD = `# The fault matrix

Written by \`npm run lab:report\`: what each fault did to a cluster of Patroni, etcd, HAProxy, keepalived and PgBouncer, and what
applications saw that worked through it: on \`pg-ha\`, and beside it on a plain \`pg.Pool\` (connectionTimeoutMillis 2000, turning to
the next address after an error), both through each way at the same time, each in a process of its own. At the end the same where
vip-manager holds the address on the servers themselves; and through the host list alone, under repmgr, and in containers without a
manager, where whoever breaks something promotes a standby by hand.

Times are in seconds. *no writes*, *no reads*: the longest time without a success. *added*: from the moment the cluster took writes to
the client's first one. *rows*: acknowledged / lost / doubled / begun on a primary beside the true one, which was taking
writes by then (after pg-ha had noticed). Lost rows were acknowledged by a primary that lost its role: replication is asynchronous.
In the pictures green is success, red is failure, orange is both, grey is nothing; a host is green as the primary, blue as a standby,
red when it does not answer.
`

export interface Report {
  readonly scenarios: readonly Scenario[]
  readonly results: readonly ScenarioResult[]
  /** Where a scenario's picture is, as seen from the document. */
  readonly pictureOf: (name: string) => string
  /** What is to be known of the run: when, on what. */
  readonly about: string
}

export function document({ scenarios, results, pictureOf, about }: Report): string {
  const sections = scenarios.map((scenario) => {
    const result = results.find(({ name }) => name === scenario.name)
    const title = `## ${scenario.area}: ${scenario.title}\n\n\`${scenario.name}\`. The cluster: ${scenario.cluster}.`
    if (result === undefined) return `${title} No figures yet.\n`
    return `${title}\n\n${figures(result, pictureOf)}${refusals(scenario, result)}`
  })
  const missing = scenarios.filter(({ name }) => !results.some((result) => result.name === name))
  const note = missing.length === 0 ? '' : `\n${results.length} of ${scenarios.length} rows have figures.\n`
  const said = about === '' ? '' : `\n${about}\n`
  return [HEAD + said + note, ...sections].join('\n')
}

function figures(result: ScenarioResult, pictureOf: Report['pictureOf']): string {
  const [before, named, after] = result.primaries.map((name) => name ?? 'none')
  return [
    `Primary ${before}, then ${named}, in the end ${after}. No host took writes for ${seconds(result.downtimeMillis)} s; whole again ${seconds(result.returnMillis)} s after the healing.`,
    '',
    '| way | client | noticed | no writes | added | no reads | rows | errors |',
    '|---|---|---|---|---|---|---|---|',
    ...result.clients.map(row),
    '',
    `![${result.name}](${pictureOf(result.name)})`,
    '',
  ].join('\n')
}

/** What writes were refused with, in words, where that is asked for. */
function refusals({ writesFailWith }: Scenario, { clients }: ScenarioResult): string {
  if (writesFailWith === undefined) return ''
  const lines = clients.flatMap(({ way, client, messages }) => {
    const said = client === 'pg-ha' ? messages?.[`write ${writesFailWith.code}`] : undefined
    return said === undefined ? [] : [`- ${way}: ${said}`]
  })
  return lines.length === 0 ? '' : `\nWhat pg-ha said:\n\n${lines.join('\n')}\n`
}

function row({ way, client, measures }: ClientResult): string {
  const { detectMillis, writeGapMillis, addedMillis, readGapMillis, acknowledged, lost, doubled } = measures
  const { onWrongPrimary, onWrongPrimaryAfterNotice } = measures
  const notice = onWrongPrimaryAfterNotice === null ? '' : ` (${onWrongPrimaryAfterNotice})`
  const rows = `${acknowledged} / ${lost} / ${doubled} / ${onWrongPrimary}${notice}`
  const errors = Object.entries(measures.errors).map(([kind, count]) => `${count} ${kind}`)
  const times = [detectMillis, writeGapMillis, addedMillis, readGapMillis].map(seconds)
  return `| ${[way, client, ...times, rows, errors.join(', ') || 'none'].join(' | ')} |`
}

function seconds(millis: number | null): string {
  return millis === null ? '–' : (millis / 1000).toFixed(1)
}
