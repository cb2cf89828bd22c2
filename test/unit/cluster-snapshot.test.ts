// `pool.cluster`: a picture that cannot be changed, and that JSON carries whole.
import { expect, test } from 'vitest'
import { clusterSnapshot } from '../../src/cluster-snapshot.ts'
import { initialState } from '../../src/failover/cluster-state.ts'
import { hosts, POLICY, playAll } from '../support/cluster-script.ts'

function expectFrozen(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return
  expect(Object.isFrozen(value), path).toBe(true)
  for (const [key, inner] of Object.entries(value)) expectFrozen(inner, `${path}.${key}`)
}

test('before the first use: nothing is known, and nothing is claimed', () => {
  const picture = clusterSnapshot(initialState(hosts(['a', 'b']), POLICY, 0))
  expectFrozen(picture, 'cluster')
  expect(picture).toMatchObject({ revision: 0, primary: null, verdict: { kind: 'none', rule: 'starting' } })
  expect(picture.nodes).toMatchObject([
    { name: 'a:5432', state: 'unknown', since: null, checkedAt: null, failure: null },
    { name: 'b:5432', state: 'unknown', since: null, checkedAt: null, failure: null },
  ])
})

test('two primaries, a standby and a failure: frozen to the last value, the same after JSON', () => {
  const state = playAll(
    [
      { at: 10, see: { a: 'primary tl=1', b: 'standby', c: 'refused' } },
      { at: 20, see: { b: 'primary tl=2' } },
    ],
    { policy: POLICY },
  )
  const picture = clusterSnapshot(state)
  expectFrozen(picture, 'cluster')
  expect(JSON.parse(JSON.stringify(picture))).toEqual(picture)
  expect(picture).toMatchObject({
    primary: null,
    verdict: { kind: 'dualPrimary', claimants: ['a:5432', 'b:5432'] },
  })
  expect(picture.nodes[2]).toMatchObject({ state: 'unreachable', failure: { code: null } })
})
