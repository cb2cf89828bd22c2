// Proves that the rules on one file can fail: each bad sample breaks one rule and no other.
import { describe, expect, test } from 'vitest'
import { checkFile, MAX_FILE_LINES, MAX_FUNCTION_LINES } from './file-rules.ts'

const HEADER = '// Owns a sample.\n'

function rulesBrokenBy(text: string, path = 'src/routing/sample.ts'): readonly string[] {
  return checkFile({ path, text }).map(({ rule }) => rule)
}

function bodyOf(lines: number): string {
  return `${HEADER}export function long(): void {\n${'  run()\n'.repeat(lines - 2)}}\n`
}

describe('a source file', () => {
  test.each([
    ['a plain file', `${HEADER}export const a = 1\n`],
    ['a file as long as allowed', HEADER + 'run()\n'.repeat(MAX_FILE_LINES - 1)],
    ['a function as long as allowed', bodyOf(MAX_FUNCTION_LINES)],
    ['three parameters', `${HEADER}export function f(a: A, b: B, c: C): void {}\n`],
    ['this is no parameter', `${HEADER}export function f(this: T, a: A, b: B, c: C): void {}\n`],
    ['a private field', `${HEADER}export class A {\n  #b = 1\n}\n`],
    ['a lone underscore for what is not used', `${HEADER}export const f = (_: A, b: B) => b\n`],
    ['a re-export beside code', `${HEADER}export { a } from './a.ts'\nexport const b = 1\n`],
  ])('keeps the rules: %s', (_, text) => {
    expect(rulesBrokenBy(text)).toEqual([])
  })

  test.each([
    ['file-length', HEADER + 'run()\n'.repeat(MAX_FILE_LINES)],
    ['function-length', bodyOf(MAX_FUNCTION_LINES + 1)],
    ['header', 'export const a = 1\n'],
    ['header', '/** Owns a sample. */\nexport const a = 1\n'],
    ['default-export', `${HEADER}export default class A {}\n`],
    ['default-export', `${HEADER}const a = 1\nexport default a\n`],
    ['default-export', `${HEADER}const a = 1\nexport { a as default }\n`],
    ['barrel', `${HEADER}export { a } from './a.ts'\n`],
    ['barrel', `${HEADER}import { a } from './a.ts'\nexport { a }\n`],
    ['parameters', `${HEADER}export function f(a: A, b: B, c: C, d: D): void {}\n`],
    ['parameters', `${HEADER}export class A {\n  constructor(a: A, b: B, c: C, d: D) {}\n}\n`],
    ['parameters', `${HEADER}export const f = (a: A, b: B, c: C, d: D) => a\n`],
    ['underscore', `${HEADER}export class A {\n  private _b = 1\n}\n`],
    ['underscore', `${HEADER}export function f(_a: A): void {}\n`],
    ['underscore', `${HEADER}export const { a: _a } = b\n`],
    ['underscore', `${HEADER}export const a = client._ending\n`],
    ['underscore', `${HEADER}export const a = client['_ending']\n`],
    ['underscore', `${HEADER}export interface A {\n  _b: number\n}\n`],
  ])('breaks %s: %s', (rule, text) => {
    expect(rulesBrokenBy(text)).toEqual([rule])
  })

  test('a star export is refused even in the public index', () => {
    expect(rulesBrokenBy(`${HEADER}export * from './pool.ts'\n`, 'src/index.ts')).toEqual(['star-export'])
    expect(rulesBrokenBy(`${HEADER}export { Pool } from './pool.ts'\n`, 'src/index.ts')).toEqual([])
  })

  test.each(['utils', 'helpers', 'common', 'types'])('no file is called %s.ts', (name) => {
    expect(rulesBrokenBy(`${HEADER}export const a = 1\n`, `src/routing/${name}.ts`)).toEqual(['file-name'])
  })

  test('a listed file may read another package by its underscore names', () => {
    const path = 'src/pooling/sample.ts'
    const source = { path, text: `${HEADER}export const a = client._ending\n` }
    expect(checkFile(source, new Set([path]))).toEqual([])
    expect(checkFile(source, new Set()).map(({ line }) => line)).toEqual([2])
  })
})
