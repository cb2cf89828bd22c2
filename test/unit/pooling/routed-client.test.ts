// A routed client stands in for pg's client without being built as one: nothing of pg's may shine through by accident.
import pg from 'pg'
import { expect, test } from 'vitest'
import { routedClient } from '../../../src/pooling/routed-client.ts'
import { Splitter } from '../../../src/pooling/splitter.ts'

/** Need no connection: they compute, or are pg's own affairs that only its constructor could have begun. */
const LEFT_TO_PG = new Set(['constructor', 'escapeIdentifier', 'escapeLiteral', 'getStartupConf'])

const client = routedClient(pg.Client, {
  splitter: new Splitter({ ask: async () => [], clock: () => 0 }),
  acquire: (_place, callback) => callback(new Error('no connection'), null),
  shown: { host: 'db1', port: 5432 },
})

test('answers for every method and property of pg.Client itself', () => {
  const names = Object.getOwnPropertyNames(pg.Client.prototype).filter((name) => !name.startsWith('_'))
  const own = names.filter((name) => !LEFT_TO_PG.has(name))
  expect(own.length).toBeGreaterThan(8)
  for (const name of own) {
    const found = descriptor(client, name)
    expect(found, name).toBeDefined()
    expect(found, name).not.toEqual(Object.getOwnPropertyDescriptor(pg.Client.prototype, name))
  }
})

test('shows the options of its pool until it has a connection', () => {
  expect(client).toMatchObject({ host: 'db1', port: 5432 })
  expect(client).toBeInstanceOf(pg.Client)
  expect(client.getTransactionStatus()).toBe('I')
})

test('what keeps it from a connection is told by each statement', async () => {
  await expect(client.query('insert into t values (1)')).rejects.toThrow('no connection')
  await expect(client.query('select 1')).rejects.toThrow('no connection')
})

test("keeps an application's own parser, and tells pg's otherwise", () => {
  const parser = () => 'parsed'
  client.setTypeParser(25, parser)
  expect(client.getTypeParser(25, 'text')).toBe(parser)
  expect(client.getTypeParser(23, 'text')('7')).toBe(7)
})

function descriptor(object: object | null, name: string): PropertyDescriptor | undefined {
  if (object === null) return undefined
  return Object.getOwnPropertyDescriptor(object, name) ?? descriptor(Object.getPrototypeOf(object), name)
}
