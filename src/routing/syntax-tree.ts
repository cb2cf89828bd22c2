// PostgreSQL's parse tree as libpg-query gives it: objects of one key, the node's kind, with its fields below. Only what
// is read here has a type; the rest is walked as it comes.

export type Fields = Readonly<Record<string, unknown>>

export interface SyntaxNode {
  readonly kind: string
  readonly fields: Fields
}

/** Parses one text, which may hold several statements. Throws where PostgreSQL's grammar does. */
export type ParseText = (text: string) => { readonly stmts?: readonly { readonly stmt?: unknown }[] }

/** The node that a wrapped value holds; undefined where it is none. */
export function nodeOf(value: unknown): SyntaxNode | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const [entry, another] = Object.entries(value)
  if (entry === undefined || another !== undefined || !/^[A-Z]/.test(entry[0])) return undefined
  const [kind, fields] = entry
  return typeof fields === 'object' && fields !== null ? { kind, fields: fields as Fields } : undefined
}

/** Calls `visit` for every node at any depth, without recursion: a text may nest deeper than the stack. */
export function walkTree(root: unknown, visit: (node: SyntaxNode) => void): void {
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    const node = nodeOf(value)
    if (node !== undefined) visit(node)
    for (const part of Object.values(node?.fields ?? value)) {
      if (typeof part === 'object' && part !== null) waiting.push(part)
    }
  }
}

/** The texts of a qualified name: [{ String: { sval } }, ...]. */
export function nameParts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return []
  return value.map((part) => String(nodeOf(part)?.fields.sval ?? ''))
}
