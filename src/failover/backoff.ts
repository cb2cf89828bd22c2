// How long to pause before trying again: exponential, with full jitter so that many clients do not come back together.

const FIRST_MILLIS = 20
const MOST_MILLIS = 1000

/** `failures` counts from 1; the first retry comes at once. `random` is uniform in [0, 1). */
export function pauseMillis(failures: number, random: number): number {
  if (failures <= 1) return 0
  return random * Math.min(MOST_MILLIS, FIRST_MILLIS * 2 ** (failures - 2))
}
