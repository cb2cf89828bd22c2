// What is lost with a connection that is cut because its server is no primary any more, and how its holder is told.
import { StalePrimaryError, type WorkInDoubt } from '../errors.ts'
import type { TrackedClient } from './tracked-client.ts'

interface Busy {
  readonly text?: unknown
}

/** pg's own field for the query under way: its public name warns of its end. */
const ACTIVE_QUERY = '_activeQuery'

const COMMIT = /^\s*(commit|end)\b/i

export function workInDoubt(client: TrackedClient): WorkInDoubt {
  const query = (client as unknown as Readonly<Record<string, Busy | null | undefined>>)[ACTIVE_QUERY] ?? null
  const status = client.getTransactionStatus?.() ?? null
  const isOpen = status === 'T' || status === 'E'
  if (query === null) return isOpen ? 'transaction' : 'none'
  if (typeof query.text === 'string' && COMMIT.test(query.text)) return 'commit'
  return isOpen ? 'transaction' : 'statement'
}

const CONSEQUENCES: Readonly<Record<WorkInDoubt, string>> = {
  none: 'nothing was under way',
  transaction: 'the open transaction was rolled back',
  statement: 'whether the statement under way was applied there is unknown',
  commit: 'whether the transaction was committed there is unknown',
}

export function stalePrimaryError(client: TrackedClient, node: string, reason: string): StalePrimaryError {
  const work = workInDoubt(client)
  const message =
    `${reason}. The connection to ${node} was cut: ${CONSEQUENCES[work]}; ` +
    'what it had acknowledged since the two parted will most likely be undone'
  return new StalePrimaryError(message, { node, work })
}
