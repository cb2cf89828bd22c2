// What an agent of the cluster manager changes in the view: its last word, by its address. The newest question wins.
import type { ClusterView } from './cluster-view.ts'
import type { ManagerReport } from './manager-word.ts'

/** A word as before, asked anew, is news too: it is fresh. A failure after a failure is not. */
export function applyManager(view: ClusterView, report: ManagerReport): ClusterView {
  const { agent, askedAtMillis, kind } = report.result
  const before = view.manager.find(({ result }) => result.agent === agent)
  if (before !== undefined && askedAtMillis < before.result.askedAtMillis) return view
  if (kind === 'managerFailure' && before?.result.kind === 'managerFailure') return view
  const others = view.manager.filter((each) => each !== before)
  return Object.freeze({
    ...view,
    revision: view.revision + 1,
    manager: Object.freeze([...others, Object.freeze(report)]),
  })
}
