// How a standby is asked whether it has come far enough, and for how long; without a server.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CatchUp, catchUp, waitText } from '../../../src/pooling/catch-up.ts'
import type { TrackedClient } from '../../../src/pooling/tracked-client.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A standby that has replayed 0/100, and 0/200 from a moment on; or by its own waiting. */
function standby({ reachesAt = Number.POSITIVE_INFINITY, waits = false } = {}) {
  const texts: string[] = []
  let hasWaited = false
  const client = {
    query: async (text: string) => {
      texts.push(text)
      if (text.startsWith('wait')) hasWaited = waits
      const isThere = performance.now() >= reachesAt || hasWaited
      return { rows: [{ lsn: isThere ? '0/200' : '0/100' }] }
    },
  } as unknown as TrackedClient
  const ask = async (wanted: Partial<CatchUp> = {}): Promise<number | null> => {
    const outcome = catchUp(client, {
      ...{ position: 0x200, boundMillis: 10, serverVersion: 180_000, clock: () => performance.now() },
      ...wanted,
    })
    await vi.advanceTimersByTimeAsync(50)
    return outcome
  }
  return { texts, ask }
}

test('one that is there is asked once', async () => {
  const { texts, ask } = standby()
  expect(await ask({ position: 0x100 })).toBe(0x100)
  expect(texts).toHaveLength(1)
})

test('one that comes there within the bound is waited for', async () => {
  const { ask } = standby({ reachesAt: performance.now() + 5 })
  expect(await ask()).toBe(0x200)
})

test('one that does not is not waited for any longer', async () => {
  const begun = performance.now()
  const { texts, ask } = standby({ reachesAt: begun + 20 })
  expect(await ask()).toBe(0x100)
  expect(texts.length).toBeGreaterThan(2)
})

test('a server of version 19 waits by itself, and is asked what came of it', async () => {
  const { texts, ask } = standby({ waits: true })
  expect(await ask({ serverVersion: 190_000 })).toBe(0x200)
  expect(texts).toHaveLength(3)
  expect(texts[1]).toBe("wait for lsn '0/200' with (timeout '10ms', no_throw)")
})

test('a position is written as a server reads it', () => {
  expect(waitText(0x16_b374_d848, 2.5)).toBe("wait for lsn '16/B374D848' with (timeout '3ms', no_throw)")
})
