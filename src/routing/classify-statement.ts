// Tells statements that a standby can serve from those that need the primary, by PostgreSQL's own parse tree. What the
// tree does not show (what a function does, what stands behind a view) is for others to find out.
import { firstKeyword } from './first-keyword.ts'
import { NODE_RELATION_REASON, tellsOfItsNode } from './node-relations.ts'
import { type CalledFunction, functionKey, needsPrimary, type StatementClass } from './statement-class.ts'
import { type Fields, nameParts, nodeOf, type ParseText, type SyntaxNode, walkTree } from './syntax-tree.ts'

/** A text longer than this is not parsed on the application's thread: about 10 ms. */
export const LONGEST_TEXT = 32_768

/** What a read can begin with. */
const MAY_READ: ReadonlySet<string> = new Set([
  ...['select', 'with', 'values', 'table', 'explain', 'copy', 'begin', 'start'],
])

const TOO_LONG = needsPrimary(`longer than ${LONGEST_TEXT} characters: too long to be looked through`)
const UNREADABLE = needsPrimary('PostgreSQL 18 cannot parse it')
const EMPTY = needsPrimary('it holds no statement')
const LOCKS = needsPrimary('it locks rows')
const STORES = needsPrimary('it creates a table')
const COPIES = needsPrimary('it copies into a table, or to or from the server itself')
const OPENS = needsPrimary('it begins a transaction that may write')
const SERIALIZABLE = needsPrimary('standbys have no serializable transactions')
const SHOWS = needsPrimary('it shows a setting of its session')

export function classifyStatement(text: string, parse: ParseText): StatementClass {
  const first = firstKeyword(text)
  if (first !== '' && !MAY_READ.has(first))
    return BY_KEYWORD.get(first) ?? needsPrimary(`${first.toUpperCase()} writes`)
  if (text.length > LONGEST_TEXT) return TOO_LONG
  const statements = parsed(text, parse)
  if (statements === null) return UNREADABLE
  const calls = new Map<string, CalledFunction>()
  for (const statement of statements) {
    const found = classifyNode(statement)
    if (found.kind === 'write') return found
    for (const call of found.calls) calls.set(functionKey(call), call)
  }
  return statements.length === 0 ? EMPTY : Object.freeze({ kind: 'read', calls: [...calls.values()] })
}

function parsed(text: string, parse: ParseText): readonly SyntaxNode[] | null {
  try {
    return (parse(text).stmts ?? []).map(({ stmt }) => nodeOf(stmt) ?? { kind: '?', fields: {} })
  } catch {
    // Grammar of a newer server, a typing error: the server itself says what it thinks of it.
    return null
  }
}

function classifyNode(node: SyntaxNode): StatementClass {
  switch (node.kind) {
    case 'SelectStmt':
      return classifyQuery(node)
    case 'ExplainStmt':
      return classifyExplain(node.fields)
    case 'CopyStmt':
      return classifyCopy(node.fields)
    case 'TransactionStmt':
      return classifyTransaction(node.fields)
    default:
      return BY_KIND.get(node.kind) ?? needsPrimary(`${inWords(node.kind)} is not known to be a read`)
  }
}

/** A query and all that is nested in it. */
function classifyQuery(root: SyntaxNode): StatementClass {
  const calls: CalledFunction[] = []
  let write: StatementClass | null = null
  walkTree({ [root.kind]: root.fields }, ({ kind, fields }) => {
    write ??= writingPart(kind, fields)
    if (kind === 'FuncCall') calls.push(calledFunction(fields))
  })
  return write ?? { kind: 'read', calls }
}

function writingPart(kind: string, fields: Fields): StatementClass | null {
  if (kind.endsWith('Stmt') && kind !== 'SelectStmt') return needsPrimary(`a part of it is ${inWords(kind)}`)
  if (kind === 'IntoClause') return STORES
  if (kind === 'LockingClause') return LOCKS
  if (kind === 'RangeVar' && tellsOfItsNode(fields)) return needsPrimary(NODE_RELATION_REASON)
  return holdsInto(fields) ? STORES : null
}

/** The arms of a set operation, and clauses, stand in the tree without the name of their kind. */
function holdsInto(fields: Fields): boolean {
  if (fields.intoClause !== undefined) return true
  return [fields.larg, fields.rarg].some(
    (arm) => typeof arm === 'object' && arm !== null && holdsInto(arm as Fields),
  )
}

function calledFunction({ funcname }: Fields): CalledFunction {
  const parts = nameParts(funcname)
  const name = parts.at(-1) ?? ''
  return { schema: parts.length > 1 ? (parts.at(-2) ?? null) : null, name }
}

/** Explained alone, nothing runs; analyzed, the statement does. */
function classifyExplain({ query, options }: Fields): StatementClass {
  const inner = nodeOf(query)
  if (inner === undefined || inner.kind === 'ExecuteStmt') return BY_KIND.get('ExecuteStmt') ?? UNREADABLE
  if (!isAnalyzed(options)) return { kind: 'read', calls: [] }
  return classifyNode(inner)
}

function isAnalyzed(options: unknown): boolean {
  if (!Array.isArray(options)) return false
  const values = options.map((option) => nodeOf(option)?.fields).filter((each) => each?.defname === 'analyze')
  return values.length > 0 && isOn(values.at(-1)?.arg)
}

/** As PostgreSQL reads a boolean option; without a value it is on. What is not understood counts as on. */
function isOn(value: unknown): boolean {
  const { sval, ival, boolval } = nodeOf(value)?.fields ?? {}
  const text = String(
    sval ?? boolval ?? (nodeOf(value)?.kind === 'Integer' ? (ival ?? 0) : 'on'),
  ).toLowerCase()
  return !['false', 'off', '0'].includes(text)
}

function classifyCopy({ is_from, is_program, filename, query }: Fields): StatementClass {
  if (is_from === true || is_program === true || filename !== undefined) return COPIES
  const inner = nodeOf(query)
  return inner === undefined ? { kind: 'read', calls: [] } : classifyNode(inner)
}

function classifyTransaction({ kind, options }: Fields): StatementClass {
  if (kind !== 'TRANS_STMT_BEGIN' && kind !== 'TRANS_STMT_START')
    return BY_KIND.get('TransactionStmt') ?? OPENS
  const given = new Map<unknown, unknown>()
  for (const option of Array.isArray(options) ? options : []) {
    const fields = nodeOf(option)?.fields
    given.set(fields?.defname, nodeOf(fields?.arg)?.fields)
  }
  const readOnly = given.get('transaction_read_only') as { ival?: { ival?: number } } | undefined
  if (readOnly?.ival?.ival !== 1) return OPENS
  const isolation = given.get('transaction_isolation') as { sval?: { sval?: string } } | undefined
  return isolation?.sval?.sval === 'serializable' ? SERIALIZABLE : { kind: 'read', calls: [] }
}

const OF_THE_SESSION = 'it belongs to one session'
const BY_KIND: ReadonlyMap<string, StatementClass> = new Map(
  Object.entries({
    InsertStmt: 'INSERT writes',
    UpdateStmt: 'UPDATE writes',
    DeleteStmt: 'DELETE writes',
    MergeStmt: 'MERGE writes',
    CallStmt: 'a procedure may write',
    DoStmt: 'a code block may write',
    LockStmt: 'it locks a table',
    TransactionStmt: 'it ends or divides a transaction',
    VariableSetStmt: OF_THE_SESSION,
    VariableShowStmt: OF_THE_SESSION,
    PrepareStmt: OF_THE_SESSION,
    ExecuteStmt: OF_THE_SESSION,
    DeallocateStmt: OF_THE_SESSION,
    DeclareCursorStmt: OF_THE_SESSION,
    FetchStmt: OF_THE_SESSION,
    ClosePortalStmt: OF_THE_SESSION,
    ListenStmt: OF_THE_SESSION,
    UnlistenStmt: OF_THE_SESSION,
    DiscardStmt: OF_THE_SESSION,
    LoadStmt: OF_THE_SESSION,
    CreateTableAsStmt: 'it creates a table',
    CreateStmt: 'it creates a table',
  }).map(([kind, why]) => [kind, needsPrimary(why)]),
)

/** Told by the first word alone, and never parsed. */
const BY_KEYWORD: ReadonlyMap<string, StatementClass> = new Map<string, StatementClass>([
  ...[
    ...'set reset prepare execute deallocate declare fetch move close listen unlisten discard load'.split(
      ' ',
    ),
  ].map((word) => [word, needsPrimary(OF_THE_SESSION)] as const),
  ...[...'commit end rollback abort savepoint release'.split(' ')].map(
    (word) => [word, needsPrimary('it ends or divides a transaction')] as const,
  ),
  ['show', SHOWS],
  ['call', needsPrimary('a procedure may write')],
  ['do', needsPrimary('a code block may write')],
  ['lock', needsPrimary('it locks a table')],
  ['notify', needsPrimary('it sends a message to the sessions of the primary')],
])

/** `CreateTableAsStmt` -> CREATE TABLE AS. */
function inWords(kind: string): string {
  return kind
    .replace(/Stmt$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase()
}
