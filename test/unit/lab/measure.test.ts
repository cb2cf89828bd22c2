// What the lab makes of records: gaps, losses, rows on the wrong primary.
import { describe, expect, test } from 'vitest'
import type { ApplicationRecord, Operation, Sign } from '../../lab/application/record.ts'
import type { HostState, Sighting } from '../../lab/cluster-watch.ts'
import { clusterDowntime, type Evidence, measure } from '../../lab/results/measure.ts'
import { brokenPromises, brokenSpecially } from '../../lab/results/promises.ts'
import { strip } from '../../lab/results/strip.ts'
import type { Scenario } from '../../lab/scenarios/scenario.ts'

const A = { name: 'a', self: 'A', place: '10.0.0.1:5432' }
const B = { name: 'b', self: 'B', place: '10.0.0.2:5432' }
const marks = { beganAt: 0, faultAt: 1000, effectAt: 3000, healedAt: 6000, wholeAt: 8000, endedAt: 9000 }

const saw = (at: number, host: string, state: HostState): Sighting => ({ at, host, state, timeline: null })
const write = (key: string, at: number, over: Partial<Operation> = {}): Operation => ({
  ...{ kind: 'write', key, startedAt: at, endedAt: at + 10, error: null, node: A.self },
  ...over,
})
const read = (at: number): Operation => write('', at, { kind: 'read' })

function evidence(over: Partial<Evidence> = {}): Evidence {
  return {
    ...{ marks, sightings: [saw(0, 'a', 'primary'), saw(0, 'b', 'standby')], hosts: [A, B] },
    ...{ truePrimary: A, finalPrimary: A, held: new Map(), heldElsewhere: new Map() },
    ...over,
  }
}

function measured(
  operations: readonly Operation[],
  over: Partial<Evidence> = {},
  signs: readonly Sign[] = [],
) {
  const record: ApplicationRecord = { operations, messages: {}, signs }
  return measure(record, evidence(over))
}

describe('of the rows', () => {
  test('an acknowledged row that the last primary lacks is lost', () => {
    const { acknowledged, lost, doubled } = measured([write('1', 100), write('2', 200)], {
      held: new Map([['1', 2]]),
    })
    expect({ acknowledged, lost, doubled }).toEqual({ acknowledged: 2, lost: 1, doubled: 1 })
  })

  test('a loss is explained by the end of the primary that acknowledged it', () => {
    expect(measured([write('1', 100)], { finalPrimary: B }).lostWithoutReason).toBe(0)
    expect(measured([write('1', 100)]).lostWithoutReason).toBe(1)
  })

  test('a loss is explained by another primary in between', () => {
    const sightings = [saw(0, 'a', 'primary'), saw(2000, 'b', 'primary'), saw(7000, 'a', 'primary')]
    expect(measured([write('1', 100)], { sightings }).lostWithoutReason).toBe(0)
  })

  const both = {
    sightings: [saw(0, 'a', 'primary'), saw(2000, 'b', 'primary')],
    ...{ truePrimary: B, finalPrimary: B },
  }

  test('rows on a primary beside the true one are on the wrong one, from its first writable moment on', () => {
    const writes = [write('before', 1900), write('after', 2100), write('right', 2200, { node: B.self })]
    expect(measured(writes, both).onWrongPrimary).toBe(1)
  })

  test('a row there counts also where nobody was told of it', () => {
    const inDoubt = write('1', 2100, { error: 'PGHA_CONNECTION_LOST', node: null })
    expect(
      measured([inDoubt], { ...both, heldElsewhere: new Map([['a', new Set(['1'])]]) }).onWrongPrimary,
    ).toBe(1)
  })

  test('what was begun after the notice is counted apart', () => {
    const signs = [{ at: 2300, event: 'primaryChange', says: '10.0.0.2:5432 (newTimeline)' }]
    const { onWrongPrimary, onWrongPrimaryAfterNotice } = measured(
      [write('1', 2100), write('2', 2400)],
      both,
      signs,
    )
    expect({ onWrongPrimary, onWrongPrimaryAfterNotice }).toEqual({
      onWrongPrimary: 2,
      onWrongPrimaryAfterNotice: 1,
    })
    expect(measured([write('1', 2100)], both).onWrongPrimaryAfterNotice).toBeNull()
  })
})

describe('of the time', () => {
  test('a gap is the longest time without a success that reaches beyond the fault', () => {
    const writes = [100, 900, 4000, 8100].map((at) => write(String(at), at))
    expect(measured(writes).writeGapMillis).toBe(4100)
  })

  test('what the client adds begins when the cluster takes writes', () => {
    const sightings = [saw(0, 'a', 'primary'), saw(1100, 'a', 'away'), saw(3900, 'b', 'primary')]
    const writes = [900, 4000, 6000, 8000].map((at) => write(String(at), at))
    expect(measured(writes, { sightings }).addedMillis).toBe(4010 - 3900)
  })

  test('a client that writes before the watch has seen a primary has added nothing', () => {
    const sightings = [saw(0, 'a', 'primary'), saw(1100, 'a', 'away'), saw(4100, 'b', 'primary')]
    const writes = [900, 4000, 6000, 8000].map((at) => write(String(at), at))
    expect(measured(writes, { sightings }).addedMillis).toBe(0)
  })

  test("where the primary took writes all the time, the whole gap is the client's", () => {
    expect(measured([900, 4000, 6000, 8000].map((at) => write(String(at), at))).addedMillis).toBe(3100)
  })

  test('the cluster is down while no host takes writes', () => {
    const sightings = [saw(0, 'a', 'primary'), saw(1100, 'a', 'away'), saw(3900, 'b', 'primary')]
    expect(clusterDowntime(sightings, marks)).toBe(2800)
  })

  test('the first error or event after the fault is when it was noticed', () => {
    const failed = write('1', 1500, { error: '57P01' })
    expect(measured([failed]).detectMillis).toBe(510)
    expect(measured([failed], {}, [{ at: 1200, event: 'nodeChange', says: '' }]).detectMillis).toBe(200)
    expect(measured([write('1', 1500)]).detectMillis).toBeNull()
  })

  test('slices count what ended in them', () => {
    const { succeeded, failed } = strip([write('1', 0), write('2', 255, { error: 'x' })], marks)
    expect([succeeded[0], failed[0], succeeded[1], failed[1]]).toEqual([1, 0, 0, 1])
  })
})

describe('promises', () => {
  const scenario: Scenario = {
    ...{ name: 's', area: 'a', title: 't', cluster: 'c', breaks: [], effect: 'none', holdMillis: 0 },
  }
  const worked = [write('w', 8100), read(8100)]
  const held = new Map([['w', 1]])
  const broken = (
    operations: readonly Operation[],
    over: Partial<Scenario> = {},
    more: Partial<Evidence> = {},
    messages: ApplicationRecord['messages'] = {},
  ) => {
    const measures = measured(operations, { held, ...more })
    const subject = {
      ...{ scenario: { ...scenario, ...over }, messages, isHostList: true, isUndisturbed: true },
      downtimeMillis: 2000,
    }
    return [...brokenPromises(measures, subject), ...brokenSpecially(measures, subject)]
  }

  test('are kept by a client that went on', () => {
    expect(broken(worked)).toEqual([])
  })

  test('are broken by silence after the healing, a row written twice, a loss, an error for no reason', () => {
    expect(broken([])).toEqual(['no write and read after the cluster was whole again'])
    expect(broken(worked, {}, { held: new Map([['w', 2]]) })).toEqual(['1 rows are there twice'])
    expect(broken([...worked, write('x', 500)])).toEqual([
      '1 acknowledged rows are lost',
      '1 rows are lost without a change of the primary',
    ])
    expect(broken([...worked, write('x', 500, { error: 'E' })])).toEqual([
      'errors, although every server went on: write E',
    ])
  })

  test('are broken by a statement that outlives every wait', () => {
    expect(
      broken([...worked, write('x', 500, { endedAt: 50_000, error: 'E' })], { effect: 'noPrimary' }),
    ).toEqual(['a statement took 49500 ms'])
  })

  test('demand the error that the scenario names, and its words', () => {
    const writesFailWith = { code: 'PGHA_NO_PRIMARY', saying: 'read-only' }
    expect(broken(worked, { writesFailWith })).toEqual(['no write failed with PGHA_NO_PRIMARY'])
    const saying = (message: string): string[] =>
      broken(worked, { writesFailWith }, {}, { 'write PGHA_NO_PRIMARY': message })
    expect(saying('all of them are read-only')).toEqual([])
    expect(saying('none answers')).toEqual(['an error does not say "read-only": none answers'])
  })

  test('demand reads while there are no writes', () => {
    const reads = [500, 1400, 2300, 3200, 4100, 5000, 5900, 6800, 7700, 8600].map(read)
    const calm: Partial<Scenario> = { readsGoOn: true, effect: 'noPrimary' }
    expect(broken([write('w', 8100), ...reads], calm)).toEqual([])
    expect(broken(worked, calm)).toEqual(['no reads for 8110 ms'])
    const failed = { ...read(1000), error: '57P03' }
    expect(broken([write('w', 8100), ...reads, failed], calm)).toEqual(['reads failed: read 57P03'])
  })

  test('demand writes soon after the cluster takes them', () => {
    const sightings = [saw(0, 'a', 'primary'), saw(1100, 'a', 'away'), saw(6000, 'a', 'primary')]
    const soon: Partial<Scenario> = { writesResumeWithinMillis: 1000, effect: 'noPrimary' }
    expect(broken([write('w', 8100), read(8100)], soon, { sightings })).toEqual([
      'writes resumed 2110 ms after the cluster took them again',
    ])
    expect(broken([write('w', 6100), ...worked], soon, { sightings })).toEqual([])
  })
})
