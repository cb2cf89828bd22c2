// A deadline that is fair to the other side: time in which this process itself could not listen does not count.
import type { Clock } from './clock.ts'

export class DeadlineError extends Error {
  readonly code = 'ETIMEDOUT'
}

/** A timer this late means that the process was busy, or asleep: the answer may be lying in the socket. */
const LATE_MILLIS = 50
const MOST_EXTENSIONS = 3

/** Settles as `work` does, or rejects with a DeadlineError once it has had its time; `expire` then ends the work. */
export function withDeadline<T>(
  work: Promise<T>,
  { timeoutMillis, clock, expire }: { timeoutMillis: number; clock: Clock; expire: () => void },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let extensions = 0
    let settled = false
    let timer: NodeJS.Timeout
    const arm = (): void => {
      const dueMillis = clock() + timeoutMillis
      timer = setTimeout(() => {
        const isLate = clock() - dueMillis > LATE_MILLIS
        // What has already arrived is read before this runs.
        setImmediate(() => {
          if (settled) return
          if (isLate && extensions < MOST_EXTENSIONS) {
            extensions += 1
            arm()
            return
          }
          reject(new DeadlineError(`No answer within ${timeoutMillis} ms`))
          expire()
        })
      }, timeoutMillis)
      timer.unref()
    }
    const settle = (finish: () => void): void => {
      settled = true
      clearTimeout(timer)
      finish()
    }
    arm()
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    )
  })
}
