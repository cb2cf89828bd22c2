// Runs the table of the reducers: sightings in, nodes of the view out.
import { expect } from 'vitest'
import { type ClusterView, findNode, initialView } from '../../src/topology/cluster-view.ts'
import type { NodeView } from '../../src/topology/node-view.ts'
import { hosts, learn, longName, shortName } from '../support/cluster-script.ts'
import { sighting } from '../support/sighting.ts'
import { specTable } from '../support/spec-table.ts'
import { strictMapping } from '../support/strict-mapping.ts'

interface Row {
  readonly name: string
  readonly phases: readonly unknown[]
}

const PHASE = { required: ['at', 'revision'], optional: ['see', 'changed', 'nodes'] }

/** What a table may say of a node, and where it is read. */
const NODE_READERS: Readonly<Record<string, (node: NodeView) => unknown>> = {
  state: (node) => node.state,
  since: (node) => node.sinceMillis,
  checked: (node) => node.checkedAtMillis ?? 'never',
  misses: (node) => node.misses,
  known: (node) => node.answer?.role ?? 'nothing',
  failure: (node) => node.failure?.sign ?? 'none',
  rtt: (node) => node.roundTripMillis ?? 'none',
  network: (node) => node.network?.millis ?? 'none',
}

specTable<Row>(new URL('./topology/apply.yaml', import.meta.url), { required: ['phases'] }, (row) => {
  let view = initialView(hosts(['a', 'b', 'c']), 0)
  for (const [index, given] of row.phases.entries()) {
    view = runPhase(view, given, `phase ${index + 1}`)
  }
})

function runPhase(before: ClusterView, given: unknown, label: string): ClusterView {
  const phase = strictMapping(given, PHASE)
  const nowMillis = phase.at as number
  const after = Object.entries(strictMapping(phase.see ?? {}, { optional: ['a', 'b', 'c', 'z'] })).reduce(
    (view, [node, text]) =>
      learn(view, longName(node), { result: sighting(text as string, nowMillis), nowMillis }),
    before,
  )
  const changed = after.nodes
    .filter((node, i) => node !== before.nodes[i])
    .map((node) => shortName(node.name))
  expect(changed, `${label}: changed`).toEqual(phase.changed ?? [])
  expect(after.revision, `${label}: revision`).toBe(phase.revision)
  expect(after === before, `${label}: the same view`).toBe(changed.length === 0)
  expect([after, after.nodes, ...after.nodes].every(Object.isFrozen), `${label}: frozen`).toBe(true)
  for (const [name, expected] of Object.entries(
    strictMapping(phase.nodes ?? {}, { optional: ['a', 'b', 'c'] }),
  )) {
    const node = findNode(after, longName(name))
    const wanted = strictMapping(expected, { optional: Object.keys(NODE_READERS) })
    const actual = Object.fromEntries(
      Object.keys(wanted).map((key) => [key, node && NODE_READERS[key]?.(node)]),
    )
    expect(actual, `${label}: ${name}`).toEqual(wanted)
  }
  return after
}
