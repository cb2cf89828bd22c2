// Runs the table of statements: a text in, where it goes and why out; with the functions that the table speaks of known.
import { loadModule, parseSync } from 'libpg-query'
import { beforeAll, expect } from 'vitest'
import { FunctionBook } from '../../src/routing/function-book.ts'
import { knowledgeOf } from '../../src/routing/function-volatility.ts'
import { StatementRouter } from '../../src/routing/statement-router.ts'
import { KNOWN_FUNCTIONS } from '../support/known-functions.ts'
import { specTable } from '../support/spec-table.ts'
import { STATEMENT_KEYS, STATEMENTS, type StatementRow } from '../support/statement-table.ts'

beforeAll(loadModule)

specTable<StatementRow>(STATEMENTS, STATEMENT_KEYS, ({ name: sql, goes, why = 'it only reads' }) => {
  const functions = new FunctionBook()
  const router = new StatementRouter(parseSync, functions)
  const first = router.route(sql)
  if (functions.hasUnasked) {
    expect(first.to, 'while a function is not known').toBe('primary')
    functions.learn(knowledgeOf(functions.takeUnasked(), KNOWN_FUNCTIONS))
  }
  expect(router.route(sql)).toEqual({ to: goes, why })
  expect(router.route(sql), 'remembered').toEqual({ to: goes, why })
})
