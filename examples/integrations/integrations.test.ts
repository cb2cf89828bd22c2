// Each example in a process of its own, with pg-ha as it is published: through a failover without a crash, the work resumed,
// nothing acknowledged lost.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { run } from '../../test/package/installed-package.ts'
import { runNode } from '../../test/support/run-node.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

/** What the example says of itself; libraries may have something to say after it. */
async function outcomeOf(example: string, said: RegExp): Promise<RegExpExecArray> {
  const { code, stdout, stderr } = await runNode(`examples/integrations/${example}.ts`, {
    // Else the paths of the repository would lead to the sources.
    env: { DATABASE_URL: '', TSX_TSCONFIG_PATH: `${FOLDER}tsconfig.json` },
    deadlineMillis: 230_000,
  })
  expect(code, stdout + stderr).toBe(0)
  const outcome = said.exec(stdout)
  if (outcome === null) throw new Error(`${example} did not say what became of it: ${stdout}${stderr}`)
  // For the table in docs/integrations.md.
  console.log(`${example}: ${outcome[0]}`)
  return outcome
}

const BOOKS = /^(\d+) writes acknowledged, (\d+) of them by the successor.*; (\d+) lost$/m

describe.concurrent('through a failover', () => {
  test.each([
    'knex',
    'drizzle',
    'kysely',
    'typeorm',
    'sequelize',
    'prisma',
    'fastify',
    'pg-boss',
    'graphile-worker',
    'connect-pg-simple',
    'opentelemetry',
  ])('%s goes on by itself and loses nothing', async (example) => {
    const [said, written, afterwards, lost] = await outcomeOf(example, BOOKS)
    expect(Number(written)).toBeGreaterThan(Number(afterwards))
    expect(Number(afterwards)).toBeGreaterThanOrEqual(50)
    expect(lost).toBe('0')
    const [, reads, onStandbys] = /; (\d+) reads, (\d+) on standbys/.exec(said) ?? []
    // While no standby is fit they run on the primary, and Sequelize keeps the connections of those.
    if (reads !== undefined) expect(Number(onStandbys)).toBeGreaterThan(0)
  })

  test('node-pg-migrate runs again what the failover interrupted, once', async () => {
    await outcomeOf('node-pg-migrate', /^Ran 2_fill in attempt 2; there are 1000 notes$/m)
  })

  test('the compiler accepts the examples', async () => {
    await run('tsc', ['--noEmit', '-p', FOLDER], FOLDER)
  })
})
