// Time limits of what a pool is told to do, as `drain` and `end` take them.
import { ConfigError } from './errors.ts'

/** Whether the work was done in time; the work itself goes on. Rejects as it does. */
export async function isInTime(work: Promise<unknown>, millis: number): Promise<boolean> {
  let alarm: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    alarm = setTimeout(resolve, millis, false)
  })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(alarm)
  }
}

/** Every option that is given has to be 0 or more. @throws ConfigError with all that are not. */
export function checkMillis(options: Readonly<Record<string, number | undefined>>): void {
  const faults = Object.entries(options).flatMap(([option, given]) =>
    given === undefined || given >= 0
      ? []
      : [{ option, message: `${option} is milliseconds, 0 or more, not ${String(given)}` }],
  )
  if (faults.length > 0) throw new ConfigError(faults)
}
