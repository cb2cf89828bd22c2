// Waits for something that costs a question to find out.
import { setTimeout as pause } from 'node:timers/promises'
import { waitUntil } from '../../src/testing/wait-until.ts'

const BETWEEN_QUESTIONS_MILLIS = 100

/** As waitUntil, but leaves the machine in peace between two questions. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadline: { readonly what: string; readonly millis: number },
): Promise<void> {
  await waitUntil(async () => {
    if (await condition()) return true
    await pause(BETWEEN_QUESTIONS_MILLIS)
    return false
  }, deadline)
}
