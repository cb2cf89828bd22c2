// The storm in small, and that docs/scale.md has the figures of the large one.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { PLANS, PROCESSES } from './plans.ts'
import { type Behaviour, looksPerSecond, type Storm, simulateStorm } from './storm.ts'
import { looksTable, stormTable } from './tables.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const SMALL = 100

/** The same storm with fewer processes, and a server as much smaller. */
function inSmall(name: string): Record<Behaviour, Storm> {
  const { options } = PLANS[name] as (typeof PLANS)[string]
  const { loginsPerSecond, maxConnections } = options.server
  const part = SMALL / options.processes
  const server = {
    loginsPerSecond: loginsPerSecond * part,
    maxConnections: maxConnections * part,
  }
  const small = { ...options, processes: SMALL, server }
  return { 'pg-ha': simulateStorm('pg-ha', small), naive: simulateStorm('naive', small) }
}

describe.each(Object.keys(PLANS))('%s', (name) => {
  const storms = inSmall(name)

  test('every statement is answered once', () => {
    const { 'pg-ha': ours } = storms
    expect(ours.answeredBySecond.at(-1)).toBe(SMALL * 10)
    expect(ours.allMillis).not.toBeNull()
  })

  test('fewer logins than by hand, fewer at once, and everybody served earlier', () => {
    const { 'pg-ha': ours, naive } = storms
    expect(ours.logins).toBeLessThan(naive.logins / 2)
    expect(ours.peakLogins).toBeLessThan(naive.peakLogins / 2)
    expect(ours.allMillis).toBeLessThan(naive.allMillis ?? Number.POSITIVE_INFINITY)
  })

  test('the same seed plays the same storm', () => {
    expect(inSmall(name)).toEqual(storms)
  })
})

test('docs/scale.md has the tables that `npm run scale` prints', () => {
  const document = read('../../docs/scale.md')
  const storms = JSON.parse(read('../../docs/scale/storms.json')) as Record<string, Record<Behaviour, Storm>>
  expect(Object.keys(storms)).toEqual(Object.keys(PLANS))
  for (const both of Object.values(storms)) expect(document).toContain(stormTable(both).join('\n'))
  const looks = looksTable((when, steadyMillis) =>
    looksPerSecond(when, { processes: PROCESSES, steadyMillis }),
  )
  expect(document).toContain(looks.join('\n'))
})
