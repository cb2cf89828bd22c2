// Each example in a process of its own: through a failover without a crash, the work resumed, nothing acknowledged lost.
import { describe, expect, test } from 'vitest'
import { runNode } from '../../test/support/run-node.ts'

async function linesOf(example: string): Promise<readonly string[]> {
  const file = `examples/integrations/${example}.ts`
  const { code, stdout, stderr } = await runNode(file, { env: { DATABASE_URL: '' }, deadlineMillis: 110_000 })
  expect(code, stdout + stderr).toBe(0)
  const lines = stdout.trimEnd().split('\n')
  // For the table in docs/integrations.md.
  console.log(`${example}: ${lines.at(-1)}`)
  return lines
}

describe.concurrent('through a failover', () => {
  test.each([
    'kysely',
    'typeorm',
    'sequelize',
    'prisma',
    'fastify',
    'pg-boss',
    'graphile-worker',
    'connect-pg-simple',
  ])('%s goes on by itself and loses nothing', async (example) => {
    const said = (await linesOf(example)).at(-1)
    const [, written, afterwards] =
      /^(\d+) writes acknowledged, (\d+) of them by the successor/.exec(said ?? '') ?? []
    expect(Number(written)).toBeGreaterThan(Number(afterwards))
    expect(Number(afterwards)).toBeGreaterThanOrEqual(50)
    expect(said).toContain('; 0 lost')
    const [, reads, onStandbys] = /; (\d+) reads, (\d+) on standbys/.exec(said ?? '') ?? []
    // While no standby is fit they run on the primary, and Sequelize keeps the connections of those.
    if (reads !== undefined) expect(Number(onStandbys)).toBeGreaterThan(0)
  })
})
