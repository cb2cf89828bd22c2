// A run of the lab ends in its time whatever hangs, tries again what the machine spoilt, and counts what was not played. The lab
// here is made of nothing.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { playChosen } from '../../lab/play-chosen.ts'
import type { Lab, Way } from '../../lab/port.ts'
import type { ClientResult, ScenarioResult } from '../../lab/results/result.ts'
import type { Scenario } from '../../lab/scenarios/scenario.ts'

const scenario = (name: string): Scenario => ({
  ...{ name, area: 'nothing', title: name, cluster: 'nothing' },
  ...{ breaks: [], effect: 'none', holdMillis: 0 },
})
const scenarios = [scenario('one'), scenario('two')]
const hangs = (): Promise<never> => new Promise(() => {})
/** Enough for what does not hang, on any machine. */
const AMPLE = '60'
const SHORT = '0.001'

function client(faults: readonly string[], mayBeSlowness: boolean): ClientResult {
  const nothing = { succeeded: [], failed: [] }
  return {
    ...{ way: 'host list', client: 'pg-ha', writes: nothing, reads: nothing, messages: {}, signs: [] },
    measures: { errors: {} } as ClientResult['measures'],
    ...{ faults, mayBeSlowness },
  }
}

function result(clients: readonly ClientResult[] = []): ScenarioResult {
  return {
    ...{ lab: 'nothing', name: 'one', area: '', title: '', cluster: '', hosts: [], primaries: [] },
    marks: { beganAt: 0, faultAt: 0, effectAt: 0, healedAt: 0, wholeAt: 0, endedAt: 0 },
    ...{ sightings: [], holdings: [], clients, downtimeMillis: 0, effectMillis: 0, returnMillis: 0 },
  }
}

interface World {
  readonly start?: () => Promise<void>
  readonly play?: (name: string) => Promise<ScenarioResult>
  readonly minutes?: string
  readonly names?: readonly string[]
}

async function run({ start, play = async () => result(), minutes = AMPLE, names = [] }: World) {
  const said: string[] = []
  const lab = {
    ...{ name: 'nothing', hosts: [], faults: {} },
    ways: [{ name: 'host list' } as Way, { name: 'VIP' } as Way],
    start: async () => {
      said.push('start')
      await start?.()
    },
    stop: async () => void said.push('stop'),
  } as unknown as Lab
  const bundle = async (): Promise<string> =>
    path.join(await mkdtemp(path.join(tmpdir(), 'pg-ha-run-')), 'application.js')
  const parts = { lab, scenarios, bundle, play: (_: unknown, { name }: Scenario) => play(name) }
  const code = await playChosen(parts, { names, short: false, minutes }, (line) => said.push(line))
  return { code, said }
}

test('what goes well is counted once for each way, and the lab is taken down', async () => {
  const { code, said } = await run({})
  expect(code).toBe(0)
  expect([said[0], said[1]]).toEqual(['Starting the lab "nothing"', 'start'])
  expect(said.slice(-2)).toEqual(['stop', '4 passed, 0 failed'])
})

test.each([
  { name: 'a lab that never starts', start: hangs, score: '0 passed, 4 failed' },
  { name: 'a scenario that never ends', play: hangs, score: '0 passed, 4 failed' },
  {
    name: 'the second scenario',
    play: (name: string) => (name === 'one' ? Promise.resolve(result()) : hangs()),
    score: '2 passed, 2 failed',
  },
])('$name ends with the time of the run, and the lab is taken down', async ({ score, ...world }) => {
  const { code, said } = await run({ ...world, minutes: SHORT })
  expect(code).toBe(1)
  expect(said.slice(-3)).toEqual([
    `FAILED The run took longer than ${SHORT} minutes: the lab is being taken down`,
    'stop',
    score,
  ])
})

test('a lab that does not start is started once more', async () => {
  let starts = 0
  const start = async (): Promise<void> => {
    starts += 1
    if (starts === 1) throw new Error('no leader')
  }
  const { code, said } = await run({ start })
  expect(code).toBe(0)
  expect(said.slice(1, 5)).toEqual(['start', 'The lab did not start: no leader; once more', 'stop', 'start'])
})

test('one that never starts is an error, and nothing is left', async () => {
  const start = (): Promise<void> => Promise.reject(new Error('no leader'))
  await expect(run({ start })).rejects.toThrow('no leader')
})

test('a scenario that the cluster spoilt is played once more in a new lab', async () => {
  let plays = 0
  const play = async (): Promise<ScenarioResult> => {
    plays += 1
    if (plays === 1) throw new Error('no effect')
    return result()
  }
  const { code, said } = await run({ play, names: ['one'] })
  expect(code).toBe(0)
  expect(said.slice(2, 5)).toEqual(['one: no effect; once more in a new lab', 'stop', 'start'])
  expect(said.at(-1)).toBe('2 passed, 0 failed')
})

test('one that is spoilt twice has failed, and the next one is played in a new lab', async () => {
  const play = async (name: string): Promise<ScenarioResult> => {
    if (name === 'one') throw new Error('no effect')
    return result()
  }
  const { code, said } = await run({ play })
  expect(code).toBe(1)
  expect(said).toContain('FAILED one: no effect')
  expect(said.filter((line) => line === 'start')).toHaveLength(3)
  expect(said.at(-1)).toBe('2 passed, 2 failed')
})

test('a promise that a busy machine may have broken is asked again, any other one is not', async () => {
  const plays: string[] = []
  const play = async (name: string): Promise<ScenarioResult> => {
    plays.push(name)
    return result([client(['broken'], name === 'one')])
  }
  const { code, said } = await run({ play })
  expect([code, plays]).toEqual([1, ['one', 'one', 'two']])
  expect(said).toContain('one: host list: broken; once more in a new lab')
  expect(said.at(-1)).toBe('2 passed, 2 failed')
})

test('a name that is none is refused before anything starts', async () => {
  expect(await run({ names: ['three'] })).toEqual({ code: 1, said: [] })
})
