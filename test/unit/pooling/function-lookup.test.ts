// When the cluster is asked about functions, and again; without a server.
import { expect, test } from 'vitest'
import { FunctionLookup } from '../../../src/pooling/function-lookup.ts'
import { FunctionBook } from '../../../src/routing/function-book.ts'

const TOTAL = { schema: 'app', name: 'total' }

function setUp() {
  const world = { now: 0, isVolatile: false, isAway: false, asked: [] as (readonly string[])[] }
  const book = new FunctionBook()
  const lookup = new FunctionLookup({
    book,
    ask: async (names) => {
      world.asked.push(names)
      if (world.isAway) throw new Error('away')
      return [{ ...TOTAL, is_volatile: String(world.isVolatile), is_on_path: 'true' }]
    },
    clock: () => world.now,
  })
  /** As a statement that calls it does. */
  const called = async (): Promise<unknown> => {
    book.volatility(TOTAL)
    lookup.keepUp()
    await lookup.settled()
    return book.volatility(TOTAL)
  }
  return { world, book, called }
}

test('a function is asked about when it is first called, and then not until a minute has passed', async () => {
  const { world, called } = setUp()
  const first = await called()
  expect(first).toBeDefined()
  world.now = 59_999
  expect(await called()).toEqual(first)
  expect(world.asked).toEqual([['total']])
})

test('one that was replaced by one that may write is known as such a minute later', async () => {
  const { world, book, called } = setUp()
  const first = await called()
  world.isVolatile = true
  world.now = 60_000
  const { revision } = book
  expect(await called()).not.toEqual(first)
  // What was concluded of texts before is concluded again.
  expect(book.revision).toBeGreaterThan(revision)
  expect(world.asked).toHaveLength(2)
})

test('where nobody answers it stays unknown, and is asked about again a second later', async () => {
  const { world, called } = setUp()
  world.isAway = true
  expect(await called()).toBeUndefined()
  world.now = 999
  world.isAway = false
  expect(await called()).toBeUndefined()
  world.now = 1000
  expect(await called()).toBeDefined()
  expect(world.asked).toHaveLength(2)
})

test('what was known stays known while nobody answers', async () => {
  const { world, called } = setUp()
  const first = await called()
  world.isAway = true
  world.now = 60_000
  expect(await called()).toEqual(first)
  world.isAway = false
  world.isVolatile = true
  world.now = 61_000
  expect(await called()).not.toEqual(first)
})
