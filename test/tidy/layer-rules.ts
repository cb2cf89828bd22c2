// The house's floors: which room may import which, and what the pure rooms must never touch.
import ts from 'typescript'
import { type Fault, lineOf, parse, type SourceText, walk } from './fault.ts'
import { findCycles, type Import, importsOf } from './import-graph.ts'

/** A room imports its own files and rooms of a lower rank. `root` is every other file directly under src. */
const RANK: Readonly<Record<string, number>> = {
  errors: 0,
  topology: 1,
  config: 2,
  'split-brain': 3,
  routing: 4,
  failover: 4,
  events: 5,
  dialing: 5,
  monitoring: 6,
  pooling: 6,
  root: 7,
  index: 8,
  adapters: 9,
}

/** Imports against the ranks that were thought over, file by file. They still may not close a circle. */
const ALLOWED_SIDEWAYS: ReadonlySet<string> = new Set([
  // What waits, gives up or is tried again is a request for a node.
  'src/failover/give-up.ts -> src/routing/request.ts',
  'src/failover/retry-policy.ts -> src/routing/request.ts',
  // A transition lists the events to emit; it does not emit them.
  'src/failover/transition.ts -> src/events.ts',
])

const PURE_ROOMS: ReadonlySet<string> = new Set(['config', 'topology', 'split-brain', 'routing', 'failover'])
const IMPURE_EXCEPTIONS: ReadonlySet<string> = new Set(['src/failover/wait-queue.ts'])
const BANNED_GLOBALS: ReadonlySet<string> = new Set([
  'Date',
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'crypto',
  'fetch',
  'console',
  'globalThis',
  'global',
])
const BANNED_PACKAGES: ReadonlySet<string> = new Set(['pg', 'pg-pool', 'debug'])

/** `src/routing/select-node.ts` -> routing; `src/errors.ts`, `events.ts`, `index.ts` are rooms of their own. */
export function roomOf(path: string): string {
  const inner = path.replace(/^src\//, '')
  const slash = inner.indexOf('/')
  if (slash !== -1) return inner.slice(0, slash)
  const name = inner.replace(/\.ts$/, '')
  return name in RANK && !PURE_ROOMS.has(name) ? name : 'root'
}

export function checkLayers(sources: readonly SourceText[]): readonly Fault[] {
  const known = new Set(sources.map(({ path }) => path))
  const faults = sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const message = judgeImport({ source, found, known })
      return message === undefined ? [] : [{ rule: 'import', path: source.path, line: found.line, message }]
    }),
  )
  const cycles = findCycles(sources).map((cycle) => ({
    rule: 'cycle',
    path: cycle[0] ?? '',
    line: 1,
    message: [...cycle, cycle[0]].join(' -> '),
  }))
  return [...faults, ...cycles]
}

interface ImportCase {
  readonly source: SourceText
  readonly found: Import
  readonly known: ReadonlySet<string>
}

function judgeImport({ source, found, known }: ImportCase): string | undefined {
  const room = roomOf(source.path)
  if (found.target === undefined) return judgePackage(source.path, found)
  if (!known.has(found.target)) return `${found.specifier} is no file of src`
  const other = roomOf(found.target)
  if (other === room) return undefined
  if (room === 'testing') return 'testing imports nothing of the rest of src'
  if (other === 'testing') return 'nothing in src imports testing'
  const rank = RANK[room]
  const otherRank = RANK[other]
  if (rank === undefined || otherRank === undefined) return `no rank for ${rank === undefined ? room : other}`
  if (otherRank < rank || ALLOWED_SIDEWAYS.has(`${source.path} -> ${found.target}`)) return undefined
  return `${room} must not import ${other}`
}

function judgePackage(path: string, { specifier, isTypeOnly }: Import): string | undefined {
  const room = roomOf(path)
  if (!isPure(path)) return undefined
  if (specifier === 'pg' && isTypeOnly && room === 'config') return undefined
  const isBanned = specifier.startsWith('node:') || BANNED_PACKAGES.has(specifier)
  return isBanned ? `${room} is pure: it must not import ${specifier}` : undefined
}

/** Clocks, timers, randomness and the outside world, named in a pure room. */
export function checkPurity(source: SourceText): readonly Fault[] {
  if (!isPure(source.path)) return []
  const file = parse(source)
  const faults: Fault[] = []
  walk(file, (node) => {
    const name = bannedName(node)
    if (name === undefined) return
    const message = `${roomOf(source.path)} is pure: take what ${name} gives as a parameter`
    faults.push({ rule: 'purity', path: source.path, line: lineOf(file, node), message })
  })
  return faults
}

function isPure(path: string): boolean {
  return PURE_ROOMS.has(roomOf(path)) && !IMPURE_EXCEPTIONS.has(path)
}

function bannedName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') return 'Math.random'
  if (!ts.isIdentifier(node) || !BANNED_GLOBALS.has(node.text)) return undefined
  const { parent } = node
  const isMember =
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isQualifiedName(parent) && parent.right === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) &&
      parent.name === node)
  return isMember || ts.isTypeReferenceNode(parent) ? undefined : node.text
}
