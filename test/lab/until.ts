// Waits for something that costs a question to find out.
import { setTimeout as pause } from 'node:timers/promises'
import { waitUntil, withDeadline } from '../../src/testing/wait-until.ts'

const BETWEEN_QUESTIONS_MILLIS = 100
const LAST_QUESTION_MILLIS = 20_000

/** As waitUntil, but leaves the machine in peace between two questions, and ends also where one is never answered. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  deadline: { readonly what: string; readonly millis: number },
): Promise<void> {
  let isOver = false
  const asking = waitUntil(async () => {
    if (isOver || (await condition())) return true
    await pause(BETWEEN_QUESTIONS_MILLIS)
    return false
  }, deadline)
  await withDeadline(asking, { ...deadline, millis: deadline.millis + LAST_QUESTION_MILLIS }).finally(() => {
    isOver = true
  })
}
