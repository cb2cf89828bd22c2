// A comment in the text that says where it should run: /* pg-ha: primary */ or /* pg-ha: standby */, as the first or the
// last thing of the text. Knows nothing of SQL beyond that.

export type RouteHint = 'primary' | 'standby'

const FIRST = /^\s*\/\*\s*pg-ha:\s*(primary|standby)\s*\*\//
const LAST = /\/\*\s*pg-ha:\s*(primary|standby)\s*\*\/[\s;]*$/

/** Null without one. In the middle of a text it could be part of a literal, and counts for nothing. */
export function routeHint(text: string): RouteHint | null {
  if (!text.includes('pg-ha:')) return null
  const found = FIRST.exec(text)?.[1] ?? LAST.exec(text)?.[1]
  return found === 'primary' || found === 'standby' ? found : null
}
