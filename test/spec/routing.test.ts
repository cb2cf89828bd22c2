// Runs the table of the choice: nodes and a verdict in; the fit nodes of each request out, in list order.
import { expect } from 'vitest'
import type { Target } from '../../src/config/settings.ts'
import { fitNodes, type RoutingTable } from '../../src/routing/fitness.ts'
import { type Choosing, Selector, selectNode } from '../../src/routing/select-node.ts'
import { initialView } from '../../src/topology/cluster-view.ts'
import { hosts, learn, longName, shortName } from '../support/cluster-script.ts'
import { sighting } from '../support/sighting.ts'
import { specTable } from '../support/spec-table.ts'
import { strictMapping } from '../support/strict-mapping.ts'
import { verdictFrom } from '../support/verdict-in-words.ts'

interface Row {
  readonly name: string
  /** In list order; seen at 0 unless a sighting says otherwise; `never` was not heard. */
  readonly nodes: Readonly<Record<string, string>>
  readonly verdict: string
  readonly stale?: readonly string[]
  readonly foreign?: readonly string[]
  readonly limits?: unknown
  /** When the choice is made; beliefs are good for 100 ms. */
  readonly now?: number
  readonly avoid?: readonly string[]
  readonly write?: unknown
  readonly read?: unknown
}

const KEYS = {
  required: ['nodes', 'verdict'],
  optional: ['stale', 'foreign', 'limits', 'now', 'avoid', 'write', 'read'],
}
const TARGETS: readonly Target[] = [
  ...(['any', 'read-write', 'primary', 'read-only', 'standby', 'prefer-standby', 'prefer-primary'] as const),
]
const MAX_AGE_MILLIS = 100

specTable<Row>(new URL('./routing/select.yaml', import.meta.url), KEYS, (row) => {
  expect(row.write ?? row.read, 'the row expects nothing').toBeDefined()
  for (const intent of ['write', 'read'] as const) {
    const wanted = strictMapping(row[intent] ?? {}, { optional: TARGETS })
    for (const target of TARGETS) {
      if (wanted[target] === undefined) continue
      expect(choice(row, { target, intent }), `${intent} ${target}`).toBe(wanted[target])
    }
  }
})

/** The fit nodes as the table writes them, `wait` or `refuse`; what is chosen of them must agree. */
function choice(row: Row, request: Parameters<typeof fitNodes>[1]): string {
  const table = tableOf(row)
  const nowMillis = row.now ?? 0
  const avoid = row.avoid === undefined ? undefined : new Set(row.avoid.map(longName))
  const choosing: Choosing = { balancing: null, moment: NO_MOMENT, avoid, nowMillis }
  const selection = selectNode(table, request, choosing)
  const selector = new Selector({ limits: table.limits, maxAgeMillis: MAX_AGE_MILLIS })
  expect(selector.select(table, request, { ...choosing, nowMillis })).toEqual(selection)
  if (selection.kind !== 'use') return selection.kind
  const fit = fitNodes(table, request).map((node) => shortName(node.name))
  const preferred = fit.filter((node) => row.avoid?.includes(node) !== true)
  const candidates = preferred.length > 0 ? preferred : fit
  expect(shortName(selection.node), 'the first of the fit nodes').toBe(candidates[0])
  return candidates.join(' ')
}

function tableOf(row: Row): RoutingTable {
  const names = Object.keys(row.nodes)
  let view = initialView(hosts(names), 0)
  for (const [node, text] of Object.entries(row.nodes)) {
    if (text === 'never') continue
    view = learn(view, longName(node), { result: sighting(text, 0), nowMillis: 0 })
  }
  const { bytes, millis } = strictMapping(row.limits ?? {}, { optional: ['bytes', 'millis'] })
  return {
    view,
    verdict: verdictFrom(row.verdict, { stale: row.stale ?? [], foreign: row.foreign ?? [] }),
    limits: {
      maxBytes: (bytes as number | undefined) ?? Number.POSITIVE_INFINITY,
      maxMillis: (millis as number | undefined) ?? Number.POSITIVE_INFINITY,
    },
    staleBeforeMillis: (row.now ?? 0) - MAX_AGE_MILLIS,
  }
}

/** Nothing here is left to chance: in list order no balancer is asked. */
const NO_MOMENT: Choosing['moment'] = {
  random: () => expect.unreachable(),
  busy: () => expect.unreachable(),
  turn: () => expect.unreachable(),
}
