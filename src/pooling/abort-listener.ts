// Listens to AbortSignals: once to each, however many requests share it. Node warns of a leak from the eleventh listener on.

const acts = new WeakMap<AbortSignal, { readonly all: Set<() => void>; readonly onAbort: () => void }>()

/** Calls `act` when the signal is aborted; what is returned ends that. A signal that is aborted already says nothing more. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  let known = acts.get(signal)
  if (known === undefined) {
    const all = new Set<() => void>()
    known = {
      all,
      onAbort: () => {
        acts.delete(signal)
        for (const each of [...all]) each()
      },
    }
    acts.set(signal, known)
    signal.addEventListener('abort', known.onAbort, { once: true })
  }
  // Of its own: the same function may be given twice.
  const own = (): void => act()
  const { all, onAbort: listener } = known
  all.add(own)
  return () => {
    if (!all.delete(own) || all.size > 0) return
    signal.removeEventListener('abort', listener)
    if (acts.get(signal)?.all === all) acts.delete(signal)
  }
}
