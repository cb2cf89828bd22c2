// Runs the table of what has to be done when one state follows another: the effects of the last step alone, in order.
import { expect } from 'vitest'
import type { PoolEvent } from '../../src/events.ts'
import { type Effect, transition } from '../../src/failover/transition.ts'
import { play, playAll, readPolicy, readStep, type Step, shortName } from '../support/cluster-script.ts'
import { specTable } from '../support/spec-table.ts'

interface Row {
  readonly name: string
  readonly policy?: unknown
  /** What had been seen before. */
  readonly before: readonly Step[]
  /** One sighting, or none: time alone passes. */
  readonly then: Step
  /** One effect a line, in order. */
  readonly effects: readonly string[]
}

const KEYS = { required: ['before', 'then', 'effects'], optional: ['policy'] }

specTable<Row>(new URL('./failover/transition.yaml', import.meta.url), KEYS, (row) => {
  const policy = readPolicy(row.policy)
  const before = playAll(row.before, { policy })
  const then = readStep(row.then)
  const happenings = [then.see, then.resolve, then.trace, then.manager].flatMap((each) =>
    Object.keys(each ?? {}),
  )
  expect(happenings.length, 'one sighting at most').toBeLessThan(2)
  const after = play(before, then, policy).at(-1)
  if (after === undefined) throw new Error('Nothing was learnt')
  expect(transition(before, after).map(inWords)).toEqual(row.effects)
})

function inWords(effect: Effect): string {
  switch (effect.kind) {
    case 'forget':
    case 'watch':
      return `${effect.kind} ${shortName(effect.node)}`
    case 'invalidate':
      return `invalidate ${shortName(effect.node)} ${effect.intent} ${effect.idle}`
    case 'destroyLeased':
      return `destroyLeased ${shortName(effect.node)} ${effect.intent}: ${effect.reason.replaceAll(':5432', '')}`
    case 'probe':
    case 'trace':
      return `${effect.kind} ${effect.nodes.map(shortName).join(' ')}`
    case 'askManager':
      return 'askManager'
    case 'emit':
      return `emit ${effect.event.name} ${eventInWords(effect.event)}`
  }
}

function eventInWords({ name, payload }: PoolEvent): string {
  switch (name) {
    case 'nodeChange': {
      const why = payload.failure === null ? '' : ` ${payload.failure.code ?? payload.failure.message}`
      return `${shortName(payload.node)} ${payload.previous}>${payload.current}${why}`
    }
    case 'primaryChange':
      return `${shortName(payload.previous ?? 'none')}>${shortName(payload.current ?? 'none')}`
    case 'failover':
      return `${shortName(payload.from)}>${shortName(payload.to)} ${payload.downtimeMillis}`
    case 'commitOutcome':
      return payload.outcome
    case 'splitBrain':
      return payload.claimants.map((claimant) => shortName(claimant.node)).join(' ')
    case 'splitBrainEnd':
      return `${payload.durationMillis}`
  }
}
