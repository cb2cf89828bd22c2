// Balancing beside several primaries: however it is configured, the connections of one pool go to one of them at most.
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../../../src/index.ts'
import { disposablePool } from '../../support/disposable.ts'
import { type HostKind, isClaiming } from '../../support/host-kind.ts'
import { startMockCluster } from '../../support/mock-server.ts'
import { decided, deterministic, whoAnswers } from './ask.ts'

const LISTS: readonly { readonly kinds: readonly HostKind[]; readonly timelines: readonly number[] }[] = [
  { kinds: ['primary', 'primary'], timelines: [1, 1] },
  { kinds: ['primary', 'primary'], timelines: [1, 2] },
  { kinds: ['primary', 'primary', 'standby'], timelines: [2, 1, 2] },
  { kinds: ['standby', 'primary', 'primary_ro'], timelines: [1, 1, 1] },
]
const TARGETS: readonly PoolOptions[] = [
  { targetServerType: 'any' },
  { targetServerType: 'primary' },
  { targetServerType: 'preferPrimary' },
  { targetServerType: 'preferSecondary' },
  { target_session_attrs: 'primary' },
]

describe.each(['refuse', 'warn', 'off'] as const)('with splitBrain=%s', (splitBrain) => {
  test.each(LISTS)('never over two of $kinds on timelines $timelines', async ({ kinds, timelines }) => {
    await using mocks = await startMockCluster(kinds, { timelines })
    for (const target of TARGETS) {
      await using pool = disposablePool({
        ...{ ...deterministic(kinds, true), ...target, splitBrain },
        ...{ connectionString: `postgres://${mocks.hostList}/`, loadBalanceHosts: true, balancer: 'random' },
      })
      await decided(pool)
      const asked = Array.from({ length: 40 }, (_, i) =>
        whoAnswers(i % 2 === 0 ? pool : pool.write).catch(() => null),
      )
      const answered = new Set((await Promise.all(asked)).filter((index) => index !== null))
      const primaries = [...answered].filter((index) => isClaiming(kinds[index] ?? 'down'))
      expect(primaries.length, JSON.stringify(target)).toBeLessThan(2)
    }
  })
})
