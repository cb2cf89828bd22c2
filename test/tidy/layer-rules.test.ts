// Proves that the rules on imports and purity can fail, on houses of two and three files.
import { describe, expect, test } from 'vitest'
import type { SourceText } from './fault.ts'
import { findCycles } from './import-graph.ts'
import { checkLayers, checkPurity, roomOf } from './layer-rules.ts'

function house(files: Readonly<Record<string, string>>): readonly SourceText[] {
  return Object.entries(files).map(([path, text]) => ({ path: `src/${path}`, text }))
}

/** The messages for one import from `from` to `to`, both under src. */
function faultsOfImport(from: string, to: string): readonly string[] {
  const up = from.includes('/') ? '../' : './'
  const sources = house({ [from]: `import { a } from '${up}${to}'\n`, [to]: 'export const a = 1\n' })
  return checkLayers(sources).map(({ message }) => message)
}

describe('rooms', () => {
  test.each([
    ['src/routing/select-node.ts', 'routing'],
    ['src/errors.ts', 'errors'],
    ['src/index.ts', 'index'],
    ['src/pool.ts', 'root'],
    ['src/topology.ts', 'root'],
  ])('%s is in %s', (path, room) => {
    expect(roomOf(path)).toBe(room)
  })

  test.each([
    ['config/settings.ts', 'topology/host.ts'],
    ['split-brain/judge.ts', 'topology/node-view.ts'],
    ['routing/select-node.ts', 'split-brain/verdict.ts'],
    ['failover/transition.ts', 'split-brain/judge.ts'],
    ['failover/give-up.ts', 'routing/request.ts'],
    ['monitoring/monitor.ts', 'failover/transition.ts'],
    ['pooling/node-pool.ts', 'events.ts'],
    ['pool.ts', 'pooling/pool-set.ts'],
    ['engine.ts', 'guide.ts'],
    ['index.ts', 'pool.ts'],
    ['adapters/knex.ts', 'index.ts'],
    ['topology/probe-result.ts', 'errors.ts'],
  ])('%s may import %s', (from, to) => {
    expect(faultsOfImport(from, to)).toEqual([])
  })

  test.each([
    ['topology/host.ts', 'config/settings.ts', 'topology must not import config'],
    ['split-brain/judge.ts', 'routing/request.ts', 'split-brain must not import routing'],
    ['routing/select-node.ts', 'failover/backoff.ts', 'routing must not import failover'],
    ['failover/backoff.ts', 'routing/request.ts', 'failover must not import routing'],
    ['failover/give-up.ts', 'routing/select-node.ts', 'failover must not import routing'],
    ['routing/select-node.ts', 'events.ts', 'routing must not import events'],
    ['monitoring/monitor.ts', 'pooling/node-pool.ts', 'monitoring must not import pooling'],
    ['pooling/node-pool.ts', 'pool.ts', 'pooling must not import root'],
    ['pool.ts', 'index.ts', 'root must not import index'],
    ['pool.ts', 'adapters/knex.ts', 'root must not import adapters'],
    ['errors.ts', 'topology/host.ts', 'errors must not import topology'],
    ['testing/cluster.ts', 'errors.ts', 'testing imports nothing of the rest of src'],
    ['pool.ts', 'testing/cluster.ts', 'nothing in src imports testing'],
    ['attic/box.ts', 'errors.ts', 'no rank for attic'],
  ])('%s may not import %s', (from, to, message) => {
    expect(faultsOfImport(from, to)).toEqual([message])
  })

  test.each([
    ["import type { A } from '../routing/request.ts'", 'failover must not import routing'],
    ["export { a } from '../routing/request.ts'", 'failover must not import routing'],
    ["const a = await import('../routing/request.ts')", 'failover must not import routing'],
    ["type A = import('../routing/request.ts').A", 'failover must not import routing'],
    ["import { a } from '../routing/gone.ts'", '../routing/gone.ts is no file of src'],
    ["import { readFile } from 'node:fs/promises'", 'failover is pure: it must not import node:fs/promises'],
    ["import type { Pool } from 'pg'", 'failover is pure: it must not import pg'],
    ["import debug from 'debug'", 'failover is pure: it must not import debug'],
  ])('every kind of import counts: %s', (text, message) => {
    const sources = house({ 'failover/backoff.ts': text, 'routing/request.ts': 'export const a = 1\n' })
    expect(checkLayers(sources).map((fault) => fault.message)).toEqual([message])
  })

  test('the configuration may name the types of pg, and only the types', () => {
    const typesOnly = house({ 'config/settings.ts': "import type { PoolConfig } from 'pg'\n" })
    expect(checkLayers(typesOnly)).toEqual([])
    const loaded = house({ 'config/settings.ts': "import { type PoolConfig } from 'pg'\n" })
    expect(checkLayers(loaded)).toHaveLength(1)
  })
})

describe('cycles', () => {
  test('a circle of type imports is found, with its files', () => {
    const sources = house({
      'routing/a.ts': "import type { B } from './b.ts'\n",
      'routing/b.ts': "import { c } from './c.ts'\n",
      'routing/c.ts': "export type { A } from './a.ts'\n",
    })
    expect(findCycles(sources)).toEqual([['src/routing/a.ts', 'src/routing/b.ts', 'src/routing/c.ts']])
    expect(checkLayers(sources).map(({ rule }) => rule)).toEqual(['cycle'])
  })

  test('two roads to one file are no circle', () => {
    const sources = house({
      'routing/a.ts': "import { b } from './b.ts'\nimport { c } from './c.ts'\n",
      'routing/b.ts': "import { c } from './c.ts'\n",
      'routing/c.ts': 'export const c = 1\n',
    })
    expect(findCycles(sources)).toEqual([])
  })
})

describe('purity', () => {
  test.each([
    'Date.now()',
    'new Date(0)',
    'performance.now()',
    'setTimeout(run, 1)',
    'setInterval(run, 1)',
    'setImmediate(run)',
    'process.env.HOME',
    'Math.random()',
    'crypto.randomUUID()',
    'fetch(url)',
    'console.log(a)',
    'globalThis.Date',
  ])('%s is refused in a pure room', (code) => {
    expect(checkPurity({ path: 'src/failover/backoff.ts', text: `const a = ${code}\n` })).toHaveLength(1)
    expect(checkPurity({ path: 'src/monitoring/monitor.ts', text: `const a = ${code}\n` })).toEqual([])
  })

  test.each(['clock.performance', '{ process: 1 }', 'Math.max(1, 2)', 'Buffer.from(a)', '"Date"'])(
    '%s is no global of the outside world',
    (code) => {
      expect(checkPurity({ path: 'src/failover/backoff.ts', text: `const a = ${code}\n` })).toEqual([])
    },
  )

  test('the wait queue alone may set a timer', () => {
    expect(checkPurity({ path: 'src/failover/wait-queue.ts', text: 'setTimeout(run, 1)\n' })).toEqual([])
  })
})
