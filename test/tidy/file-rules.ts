// The shape of one source file: length, header, exports, functions, names. Knows nothing of other files.
import ts from 'typescript'
import { type Fault, lineOf, parse, type SourceText, walk } from './fault.ts'

export const MAX_FILE_LINES = 300
export const MAX_FUNCTION_LINES = 70
export const MAX_PARAMETERS = 3

/** The only files that may list other files' exports. */
const BARRELS = new Set(['src/index.ts', 'src/testing/index.ts'])

/** Files that must read another package's underscore members, because it offers no public way. */
export const FOREIGN_UNDERSCORE_FILES: ReadonlySet<string> = new Set([
  'src/dialing/dialled-connection.ts',
  'src/pooling/witnessed-query.ts',
])

const CATCH_ALL_NAME = /^(utils?|helpers?|common|types|misc)\.ts$/

export function checkFile(
  source: SourceText,
  foreignUnderscore = FOREIGN_UNDERSCORE_FILES,
): readonly Fault[] {
  const file = parse(source)
  const faults = [...checkText(source), ...checkExports(source, file)]
  const report = (node: ts.Node, rule: string, message: string) =>
    faults.push({ rule, path: source.path, line: lineOf(file, node), message })

  walk(file, (node) => {
    if (isFunctionWithBody(node)) {
      const lines = linesOf(file, node)
      if (lines > MAX_FUNCTION_LINES)
        report(node, 'function-length', `${lines} lines, at most ${MAX_FUNCTION_LINES}`)
      const parameters = node.parameters.filter((p) => p.name.getText(file) !== 'this').length
      if (parameters > MAX_PARAMETERS)
        report(node, 'parameters', `${parameters} positional parameters, at most ${MAX_PARAMETERS}`)
    }
    const name = underscoreName(node)
    if (name !== undefined && !foreignUnderscore.has(source.path))
      report(node, 'underscore', `"${name}" begins with an underscore`)
  })
  return faults
}

function checkText({ path, text }: SourceText): Fault[] {
  const faults: Fault[] = []
  const lines = text.replace(/\n$/, '').split('\n').length
  if (lines > MAX_FILE_LINES)
    faults.push({
      rule: 'file-length',
      path,
      line: lines,
      message: `${lines} lines, at most ${MAX_FILE_LINES}`,
    })
  if (!/^\/\/ \S/.test(text))
    faults.push({ rule: 'header', path, line: 1, message: 'begins with no comment on what the file owns' })
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (CATCH_ALL_NAME.test(name))
    faults.push({
      rule: 'file-name',
      path,
      line: 1,
      message: `"${name}" names no thing: put each part under its noun`,
    })
  return faults
}

function checkExports({ path }: SourceText, file: ts.SourceFile): Fault[] {
  const faults: Fault[] = []
  const report = (node: ts.Node, rule: string, message: string) =>
    faults.push({ rule, path, line: lineOf(file, node), message })

  for (const statement of file.statements) {
    if (isDefaultExport(statement)) report(statement, 'default-export', 'exports by name only')
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier && isStar(statement))
      report(statement, 'star-export', 'lists names one by one')
  }
  const code = file.statements.filter((statement) => !ts.isImportDeclaration(statement))
  if (code.length > 0 && code.every(ts.isExportDeclaration) && !BARRELS.has(path))
    faults.push({ rule: 'barrel', path, line: 1, message: 'only passes on what other files export' })
  return faults
}

function isStar(statement: ts.ExportDeclaration): boolean {
  return statement.exportClause === undefined || ts.isNamespaceExport(statement.exportClause)
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true
  if (
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
  )
    return statement.exportClause.elements.some((element) => element.name.text === 'default')
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some((m) => m.kind === ts.SyntaxKind.DefaultKeyword)
  )
}

function isFunctionWithBody(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLike(node) && 'body' in node && node.body !== undefined
}

function linesOf(file: ts.SourceFile, node: ts.Node): number {
  return file.getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(file, node)
}

/** The underscore name this node declares, or reads from an object; a lone `_` marks what is not used. */
function underscoreName(node: ts.Node): string | undefined {
  const name = ts.isPropertyAccessExpression(node) || isNamedDeclaration(node) ? node.name : undefined
  if (name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name))) return underscored(name.text)
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return underscored(node.argumentExpression.text)
  return undefined
}

function underscored(name: string): string | undefined {
  return /^_./.test(name) ? name : undefined
}

function isNamedDeclaration(node: ts.Node): node is ts.NamedDeclaration {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node)
  )
}
