// When the first decision of a pool's life may be made: the quickest answer may be that of an old primary.
import { wasHeard } from '../topology/node-view.ts'
import { type Hearing, type Judgement, none, plain } from './hearing.ts'
import { hasMajority } from './kept-out.ts'

/** Nothing is decided while nodes that may answer within the grace have not. Null: it is over. */
export function inGrace(hearing: Hearing): Judgement | null {
  const { memory, policy, nowMillis } = hearing
  const endMillis = memory.startedMillis + policy.startupGraceMillis
  if (memory.started || nowMillis >= endMillis || unheard(hearing).length === 0) return null
  const verdict = none(hearing, { rule: 'starting', reason: 'Not every node has been heard yet' })
  return { ...plain(hearing, verdict), reviewAtMillis: endMillis }
}

/**
 * The judgement, unless it is the first and names the quickest of all: a lone claimant that most servers do not stand behind
 * waits for the others, no longer than one look at them may take. Until then the first decision has not been made.
 */
export function asFirst(hearing: Hearing, judgement: Judgement): Judgement {
  const { memory, policy, nowMillis } = hearing
  const endMillis = memory.startedMillis + policy.firstLookMillis
  const missing = unheard(hearing)
  if (memory.started || nowMillis >= endMillis || missing.length === 0) return made(judgement)
  const { verdict } = judgement
  if (verdict.kind === 'none') return judgement
  const isAlone = verdict.kind === 'primary' && verdict.rule === 'onlyClaimant'
  if (!isAlone || policy.splitBrain !== 'refuse' || verdict.managerNames === verdict.node)
    return made(judgement)
  if (verdict.evidence.some((claimant) => hasMajority(hearing, claimant))) return made(judgement)
  const reason = `${verdict.node} says that it is the primary, and ${missing.join(' and ')} may say so too`
  const { rules: before, managerNames } = verdict
  const waiting = none(hearing, { rule: 'othersUnheard', reason, before, managerNames })
  return { ...plain(hearing, waiting), reviewAtMillis: endMillis }
}

function made(judgement: Judgement): Judgement {
  return { ...judgement, memory: { ...judgement.memory, started: true } }
}

function unheard({ view, memory }: Hearing): readonly string[] {
  return view.nodes.filter((node) => !wasHeard(node, memory.startedMillis)).map(({ name }) => name)
}
