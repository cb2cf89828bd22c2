// Proves that the rules on tests can fail.
import { describe, expect, test } from 'vitest'
import { checkTestFile } from './test-rules.ts'

function rulesBrokenBy(text: string): readonly string[] {
  return checkTestFile({ path: 'test/unit/sample.test.ts', text }).map(({ rule }) => rule)
}

describe('a test file', () => {
  test.each([
    'await new Promise((done) => setTimeout(done, 100))',
    'await new Promise(done => setTimeout(done, wait))',
    'await new Promise<void>((done) => {\n  setTimeout(done, 100)\n})',
    'await new Promise(function (done) { setTimeout(done, 100) })',
    "import { setTimeout as sleep } from 'node:timers/promises'",
    "import { setTimeout as sleep } from 'timers/promises'",
  ])('does not sleep: %s', (text) => {
    expect(rulesBrokenBy(text)).toEqual(['sleep'])
  })

  test.each([
    "test.only('a', run)",
    "it.skip('a', run)",
    "describe.only('a', run)",
    "test.concurrent.only('a', run)",
    "test.skip.each([1])('a', run)",
    "test.todo('a')",
  ])('leaves nothing out: %s', (text) => {
    expect(rulesBrokenBy(text)).toEqual(['left-out'])
  })

  test.each([
    "test.skipIf(isRoot)('a', run)",
    "await new Promise((done) => server.once('close', done))",
    'const timer = setTimeout(fail, 1000)',
    "expect(rows.skip).toBe('await new Promise((r) => setTimeout(r, 1))')",
  ])('may: %s', (text) => {
    expect(rulesBrokenBy(text)).toEqual([])
  })
})
