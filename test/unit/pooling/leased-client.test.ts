// What a lease passes on when its holder gives it back.
import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import { guardLease } from '../../../src/pooling/leased-client.ts'
import { SESSION, type Session, type TrackedClient } from '../../../src/pooling/tracked-client.ts'

function lease(status: 'I' | 'T' | 'E') {
  const released: unknown[] = []
  const session: Partial<Session> = {}
  const query: (...given: unknown[]) => unknown = () => 'asked'
  const client = Object.assign(new EventEmitter(), {
    ...{ getTransactionStatus: () => status, [SESSION]: session, query, connection: 'its connection' },
  })
  const release = guardLease(client as unknown as TrackedClient, (destroy) => released.push(destroy))
  return { client, release, released }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a client is given back', () => {
  test.each([undefined, false])('with %s, in no transaction: kept', (given) => {
    const { release, released } = lease('I')
    release(given)
    expect(released).toEqual([given])
  })

  test.each([
    [undefined, 'T'],
    [false, 'T'],
    [undefined, 'E'],
    [false, 'E'],
  ] as const)('with %s, in a transaction (%s): removed', (given, status) => {
    const { release, released } = lease(status)
    release(given)
    expect(released).toEqual([true])
  })

  test('with an error: removed for that reason', () => {
    const { release, released } = lease('T')
    const error = new Error('mine')
    release(error)
    expect(released).toEqual([error])
  })

  test('after its death: it has given itself back, once', async () => {
    const { client, release, released } = lease('I')
    client.emit('end')
    await turn()
    release()
    release()
    expect(released).toEqual([true])
  })

  test('in the turn of its death: by its holder, with its word', async () => {
    const { client, release, released } = lease('I')
    const error = new Error('its end')
    client.emit('end')
    release(error)
    await turn()
    expect(released).toEqual([error])
  })
})

describe('a client that was cut', () => {
  test('refuses whatever its holder asks next with what became of it, in each form of pg', async () => {
    const { client } = lease('T')
    const error = new Error('lost to another')
    client[SESSION].onCut?.(error)
    await expect(client.query('commit')).rejects.toBe(error)
    await expect(client.query({ text: 'commit' }, [])).rejects.toBe(error)
    const told: unknown[] = []
    const callback = (given: unknown): unknown => told.push(given)
    expect(client.query('commit', callback)).toBe(undefined)
    client.query('commit', [], callback)
    client.query({ text: 'commit', callback })
    const cursor = { submit: () => {}, handleError: (...given: unknown[]) => told.push(...given) }
    expect(client.query(cursor)).toBe(cursor)
    expect(told).toEqual([])
    await turn()
    expect(told).toEqual([error, error, error, error, 'its connection'])
  })

  test("after it was given back is nobody else's to hear of", () => {
    const { client, release } = lease('I')
    release()
    client[SESSION].onCut?.(new Error('lost to another'))
    expect(client.query('select 1')).toBe('asked')
  })
})
