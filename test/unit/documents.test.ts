// The documents name what the code has: every difference from pg.Pool, every rule of the judge, every option.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { everywhere, onOtherEngines, withSeveralHosts } from '../contract/differences.ts'
import { documentLine, statementRows } from '../support/statement-table.ts'

const SOURCES = new URL('../../src/', import.meta.url)

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

test('docs/drop-in.md lists every deliberate difference in its own words', () => {
  const document = read('docs/drop-in.md')
  const all = [everywhere, withSeveralHosts, onOtherEngines].flatMap((list) => Object.values(list))
  for (const { pgPool, ours, reason } of all) {
    expect(document).toContain(`| ${pgPool} | ${ours} | ${reason} |`)
  }
})

test('docs/split-brain.md lists every rule of a verdict', () => {
  const rules = read('src/split-brain/verdict.ts').matchAll(/'([a-z]+[A-Za-z]*)'/g)
  const kinds = ['none', 'primary', 'dualPrimary', 'unconfirmed']
  const named = [...rules].map(([, name]) => name ?? '').filter((name) => !kinds.slice(0, 3).includes(name))
  const document = read('docs/split-brain.md')
  for (const name of new Set(named)) expect(document).toContain(`\`${name}\``)
  expect(named.length).toBeGreaterThan(12)
})

test('docs/routing.md has the table of statements, line by line', () => {
  const lines = read('docs/routing.md')
    .split('\n')
    .filter((line) => /^\| `.*\| (?:standby|primary)/.test(line))
  expect(lines).toEqual(statementRows().map(documentLine))
})

test('the README names every error code and every event', () => {
  const document = read('README.md')
  for (const [code] of read('src/errors.ts').matchAll(/PGHA_[A-Z_]+(?=')/g)) expect(document).toContain(code)
  const events = read('src/events.ts').split('export interface PoolEvents {')[1]?.split('}')[0] ?? ''
  for (const [, name] of events.matchAll(/^ {2}(\w+):/gm)) expect(document).toContain(`\`${name}\``)
})

test('the README names every option that is not pg.Pool’s', () => {
  const document = read('README.md')
  const later = ['host', 'port', 'hosts', 'connectionString']
  const text = read('src/config/pool-options.ts').split('export interface PoolOptions')[1] ?? ''
  const options = [...text.matchAll(/^ {2}readonly (\w+)\?|^ {2}(\w+)\?:/gm)]
    .map(([, a, b]) => a ?? b ?? '')
    .filter((name) => !later.includes(name))
  expect(options.length).toBeGreaterThan(12)
  for (const name of options) expect(document).toContain(name)
})

test('ARCHITECTURE.md names every room and every file above the rooms, and no file that is not there', () => {
  const document = read('ARCHITECTURE.md')
  for (const { name, parentPath } of readdirSync(SOURCES, { withFileTypes: true })) {
    expect(document, parentPath).toContain(name)
  }
  const named = [...document.matchAll(/`((?:[a-z-]+\/)*[a-z-]+\.ts)`/g)].map(([, path]) => path ?? '')
  expect(named.length).toBeGreaterThan(12)
  for (const path of named) expect(existsSync(new URL(path, SOURCES)), path).toBe(true)
})
