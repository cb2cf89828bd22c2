// The first word of a statement, found without parsing it: most writes are told by it alone, however long they are.

const WORD = /^[\s(;]*([a-z]+)/i
const SPACE = /^\s*/

/** In lower case, behind comments and opening brackets; empty where the text begins with something else. */
export function firstKeyword(text: string): string {
  let rest = text
  for (;;) {
    rest = rest.slice(SPACE.exec(rest)?.[0].length ?? 0)
    const end = commentEnd(rest)
    if (end === 0) return WORD.exec(rest)?.[1]?.toLowerCase() ?? ''
    if (end === null) return ''
    rest = rest.slice(end)
  }
}

/** Where a comment at the very beginning ends; 0 where there is none, null where only the parser can tell. */
function commentEnd(text: string): number | null {
  if (text.startsWith('--')) {
    const newline = text.indexOf('\n')
    return newline === -1 ? text.length : newline + 1
  }
  if (!text.startsWith('/*')) return 0
  const end = text.indexOf('*/')
  const isNested = text.slice(2, end).includes('/*')
  return end === -1 || isNested ? null : end + 2
}
