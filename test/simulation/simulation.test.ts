// A few hundred schedules of the simulation, and the proof that its checkers find what they are there for. The long run is
// `npm run simulate`.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runNode } from '../support/run-node.ts'
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DEADLINE_MILLIS = 300_000
const MAIN = 'test/simulation/main.ts'

test(
  'every claim holds in 300 schedules, and each was put to the test',
  async () => {
    const args = ['--seed', '1', '--count', '300']
    const { code, stdout } = await runNode(MAIN, { args, deadlineMillis: DEADLINE_MILLIS })
    expect(stdout).toContain('300 passed, 0 failed')
    expect(code).toBe(0)
  },
  DEADLINE_MILLIS,
)

test(
  'one seed is one schedule, told change by change',
  async () => {
    const args = ['--seed', '7', '--trace']
    const [once, again] = await Promise.all([runNode(MAIN, { args }), runNode(MAIN, { args })])
    expect(once.stdout).toContain('healed: n')
    expect(again.stdout).toBe(once.stdout)
  },
  DEADLINE_MILLIS,
)

test.each(PLANTED_FAULTS)(
  'found where $what',
  async (fault) => {
    const root = await planted(fault)
    try {
      const args = ['--seed', '1', '--count', '1000', '--brief']
      const { code, stdout } = await runNode(join(root, MAIN), { args, deadlineMillis: DEADLINE_MILLIS })
      const found = [...stdout.matchAll(/invariant (\d+):/g)].map(([, number]) => Number(number))
      expect(found, stdout.slice(0, 2000)).toEqual(expect.arrayContaining([...fault.finds]))
      expect(code).toBe(1)
    } finally {
      await rm(root, { recursive: true })
    }
  },
  DEADLINE_MILLIS,
)

/** A copy of what the simulation needs, with the fault in it. */
async function planted({ file, from, to }: PlantedFault): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'pg-ha-planted-'))
  for (const part of ['package.json', 'tsconfig.json', 'src', 'test/simulation', 'test/support']) {
    await cp(join(ROOT, part), join(root, part), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
  const text = await readFile(join(root, file), 'utf8')
  expect(text.split(from), `${file} must hold the place once`).toHaveLength(2)
  await writeFile(
    join(root, file),
    text.replace(from, () => to),
  )
  return root
}
