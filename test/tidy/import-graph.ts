// Which source file imports which, type imports included, and the cycles among them. Knows nothing of the layers.
import { posix } from 'node:path'
import ts from 'typescript'
import { lineOf, parse, type SourceText, walk } from './fault.ts'

export interface Import {
  /** As written: `./judge.ts`, `node:net`, `pg`. */
  readonly specifier: string
  /** The imported file for a relative specifier. */
  readonly target: string | undefined
  readonly isTypeOnly: boolean
  readonly line: number
}

export function importsOf(source: SourceText): readonly Import[] {
  const file = parse(source)
  const imports: Import[] = []
  walk(file, (node) => {
    const found = readImport(node)
    if (found === undefined) return
    const { specifier, isTypeOnly } = found
    const target = specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(source.path), specifier))
      : undefined
    imports.push({ specifier, target, isTypeOnly, line: lineOf(file, node) })
  })
  return imports
}

/** Each cycle as the list of its files in import order; a file that belongs to several is reported once. */
export function findCycles(sources: readonly SourceText[]): readonly (readonly string[])[] {
  const edges = new Map(sources.map((source) => [source.path, targetsOf(source)]))
  const done = new Set<string>()
  const cycles: string[][] = []

  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path)
    if (at !== -1) {
      cycles.push(trail.slice(at))
      return
    }
    if (done.has(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  return cycles
}

function targetsOf(source: SourceText): readonly string[] {
  return importsOf(source).flatMap(({ target }) => (target === undefined ? [] : [target]))
}

function readImport(node: ts.Node): { specifier: string; isTypeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node))
    return { specifier: textOf(node.moduleSpecifier), isTypeOnly: isTypeOnlyClause(node.importClause) }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier)
    return { specifier: textOf(node.moduleSpecifier), isTypeOnly: node.isTypeOnly }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return { specifier: textOf(node.argument.literal), isTypeOnly: true }
  if (ts.isCallExpression(node) && isModuleCall(node) && node.arguments[0])
    return { specifier: textOf(node.arguments[0]), isTypeOnly: false }
  return undefined
}

/** With verbatimModuleSyntax `import { type A } from 'x'` still loads x: only `import type` is type-only. */
function isTypeOnlyClause(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function isModuleCall(node: ts.CallExpression): boolean {
  const callee = node.expression
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function textOf(node: ts.Node): string {
  return ts.isStringLiteralLike(node) ? node.text : ''
}
