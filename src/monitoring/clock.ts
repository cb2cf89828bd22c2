// The one clock of a pool: milliseconds since the epoch that never step back, whatever is done to the system's time.

export type Clock = () => number

export const monotonicClock: Clock = () => performance.timeOrigin + performance.now()
