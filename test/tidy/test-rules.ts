// What a test file must not do: sleep a fixed time, or leave tests out. Knows nothing of src.
import ts from 'typescript'
import { type Fault, lineOf, parse, type SourceText, walk } from './fault.ts'
import { importsOf } from './import-graph.ts'

const TEST_FUNCTIONS: ReadonlySet<string> = new Set(['test', 'it', 'describe'])
const LEAVES_OUT: ReadonlySet<string> = new Set(['only', 'skip', 'todo'])

export function checkTestFile(source: SourceText): readonly Fault[] {
  const file = parse(source)
  const faults: Fault[] = importsOf(source)
    .filter(({ specifier }) => /^(node:)?timers\/promises$/.test(specifier))
    .map(({ line }) => ({
      rule: 'sleep',
      path: source.path,
      line,
      message: 'waits for a time, not for an event',
    }))

  walk(file, (node) => {
    const at = { path: source.path, line: lineOf(file, node) }
    if (isSleep(node)) faults.push({ rule: 'sleep', ...at, message: 'waits for a time, not for an event' })
    if (
      ts.isPropertyAccessExpression(node) &&
      LEAVES_OUT.has(node.name.text) &&
      isTestFunction(node.expression)
    )
      faults.push({ rule: 'left-out', ...at, message: `.${node.name.text} leaves tests out` })
  })
  return faults
}

/** `await new Promise((done) => setTimeout(done, 100))`, with or without braces. */
function isSleep(node: ts.Node): boolean {
  if (!ts.isAwaitExpression(node) || !ts.isNewExpression(node.expression)) return false
  const made = node.expression
  const executor = made.arguments?.[0]
  if (made.expression.getText() !== 'Promise' || !executor) return false
  if (!ts.isArrowFunction(executor) && !ts.isFunctionExpression(executor)) return false
  const { body } = executor
  const first = ts.isBlock(body) ? body.statements[0] : body
  const call = first && ts.isExpressionStatement(first) ? first.expression : first
  const isAlone = !ts.isBlock(body) || body.statements.length === 1
  return (
    isAlone && call !== undefined && ts.isCallExpression(call) && call.expression.getText() === 'setTimeout'
  )
}

/** `test`, `describe.concurrent`, `test.each(rows)`: the leftmost name decides. */
function isTestFunction(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return TEST_FUNCTIONS.has(node.text)
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return isTestFunction(node.expression)
  return false
}
