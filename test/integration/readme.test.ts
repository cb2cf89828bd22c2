// The README's first example, run as it stands: only the address and the import are put in.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startCluster } from '../../src/testing/index.ts'

const run = promisify(execFile)

test('the example of the README works', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  await using cluster = await startCluster({ nodes: 3 })
  await cluster.primary.query('create table t (x int, n int not null default 0)')
  await cluster.waitForReplication()
  const entry = new URL('../../src/index.ts', import.meta.url).href
  const program = example
    .replace(`from 'pg-ha'`, `from ${JSON.stringify(entry)}`)
    .replace(/'postgres:[^']*'/, JSON.stringify(`${cluster.url}?targetServerType=primary`))
  expect(program).toContain(cluster.url)
  const { stdout, stderr } = await run(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { timeout: 20_000 },
  )
  expect(stderr).toBe('')
  expect(stdout).toContain(`primary: '127.0.0.1:${cluster.primary.port}'`)
  expect((await cluster.primary.query('select x from t')).rows).toEqual([{ x: 1 }])
})
