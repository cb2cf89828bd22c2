// What a tidy rule reports, and how a source text is walked. Knows nothing of any one rule.
import ts from 'typescript'

export interface SourceText {
  /** From the root of the repository, with forward slashes: `src/split-brain/judge.ts`. */
  readonly path: string
  readonly text: string
}

export interface Fault {
  readonly rule: string
  readonly path: string
  readonly line: number
  readonly message: string
}

export function parse(source: SourceText): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS)
}

export function lineOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
}

/** Calls `visit` for every node below `root`, parents first. */
export function walk(root: ts.Node, visit: (node: ts.Node) => void): void {
  ts.forEachChild(root, (node) => {
    visit(node)
    walk(node, visit)
  })
}

export function formatFault(fault: Fault): string {
  return `${fault.path}:${fault.line} ${fault.rule}: ${fault.message}`
}
