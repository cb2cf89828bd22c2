import { describe, expect, test } from 'vitest'
import { startCluster } from '../../../src/testing/index.ts'

describe('every supported version', () => {
  test.each([12, 13, 14, 15, 16, 17, 18])(
    'PostgreSQL %i starts, fails over and rejoins',
    async (version) => {
      await using cluster = await startCluster({ nodes: 3, version, synchronous: true })
      const [first, second, third] = cluster.nodes
      const { rows } = (await first?.query<{ major: number }>(
        "select current_setting('server_version_num')::int / 10000 as major",
      )) ?? { rows: [] }
      expect(rows).toEqual([{ major: version }])
      await first?.query('create table t as select 1 as i')
      // Any one standby suffices for the acknowledgement: it may not be the second.
      await cluster.waitForReplication()
      await first?.kill()
      await second?.promote()
      await third?.waitUntilStreaming()
      await second?.query('insert into t values (2)')
      await first?.rejoin()
      await cluster.waitForReplication()
      for (const node of cluster.nodes) {
        expect((await node.query('select i from t order by i')).rows).toEqual([{ i: 1 }, { i: 2 }])
      }
    },
    60_000,
  )
})
