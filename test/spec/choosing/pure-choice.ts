// The host that the pure rooms choose for a list: what each kind shows at a look, the judge's verdict on it after all are
// heard and heard again, the choice. No sockets, no time.
import { resolveSettings } from '../../../src/config/resolve-settings.ts'
import type { SplitBrainPolicy, Target } from '../../../src/config/settings.ts'
import { classifyError } from '../../../src/failover/classify-error.ts'
import { type ClusterState, initialState, nextState } from '../../../src/failover/cluster-state.ts'
import { ownRequest } from '../../../src/routing/request.ts'
import { selectNode } from '../../../src/routing/select-node.ts'
import { hosts as hostList, learn, longName, POLICY } from '../../support/cluster-script.ts'
import { type HostKind, sqlStateOf } from '../../support/host-kind.ts'
import { sighting } from '../../support/sighting.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxMillis: Number.POSITIVE_INFINITY }
const NO_MOMENT = { random: () => 0, busy: () => 0, turn: () => 0 }

/** The second look confirms what the first one showed; by then the startup grace is over. */
const LOOKS_MILLIS = [1, POLICY.startupGraceMillis + 1]

/** What a setting of either original means here. */
export function targetOf(option: 'targetServerType' | 'target_session_attrs', setting: string): Target {
  return resolveSettings({ host: 'a,b', [option]: setting }, {}).target
}

/** What is believed once every host of the list was looked at twice. */
export function pureState(kinds: readonly HostKind[], splitBrain: SplitBrainPolicy): ClusterState {
  const policy = { ...POLICY, splitBrain }
  const names = NAMES.slice(0, kinds.length)
  let state = initialState(hostList(names), policy, 0)
  for (const nowMillis of LOOKS_MILLIS) {
    for (const [i, kind] of kinds.entries()) {
      const result = sighting(SEEN.get(kind) ?? seenAs(kind), nowMillis)
      const view = learn(state.view, longName(names[i] ?? ''), { result, nowMillis })
      if (view !== state.view) state = nextState(state, view, { policy, nowMillis })
    }
  }
  return state
}

/** The index of the host chosen; `error`: none, now or by waiting. */
export function pureChoice(state: ClusterState, target: Target): number | 'error' {
  const table = { ...state, limits: NO_LIMITS, staleBeforeMillis: 0 }
  const selection = selectNode(table, ownRequest(target), {
    balancing: null,
    nowMillis: 0,
    moment: NO_MOMENT,
  })
  if (selection.kind !== 'use') return 'error'
  return state.view.nodes.findIndex(({ name }) => name === selection.node)
}

const SEEN = new Map<HostKind, string>([
  ['primary', 'primary tl=1 followers=0'],
  ['primary_ro', 'primary tl=1 followers=0 readonly'],
  ['standby', 'standby'],
  ['down', 'refused'],
  ['silent', 'silent'],
  ['hang', 'silent'],
])

/** What a look makes of a server's FATAL: always something. */
function seenAs(kind: HostKind): string {
  const code = sqlStateOf(kind)
  const error = Object.assign(new Error('refused'), { code, severity: 'FATAL' })
  const { sign, kind: meaning } = classifyError(error)
  const text = sign ?? (meaning === 'application' ? 'rejected' : 'confused')
  SEEN.set(kind, text)
  return text
}
