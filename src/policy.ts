// What the settings mean for the judge and for the rhythm of the looks.
import type { Settings } from './config/settings.ts'
import { longestPauseMillis } from './monitoring/rhythm.ts'
import type { Policy } from './split-brain/hearing.ts'

/**
 * How long followers must have stayed before they outvote a newer timeline. Under Patroni they move within one round of
 * its loop: about 5 s were seen, 10 s is the default round.
 */
const SETTLE_MILLIS = 10_000

export function policyFrom(settings: Settings): Policy {
  const { splitBrain, writeQuorum, startupGraceMillis, pinTimeline, decide, probeTimeoutMillis } = settings
  return {
    splitBrain,
    writeQuorum,
    startupGraceMillis,
    firstLookMillis: probeTimeoutMillis,
    settleMillis: SETTLE_MILLIS,
    pinTimeline,
    decide,
    // A look that is due may be put off by its jitter, and then take its time to connect and to answer.
    beliefMillis: longestPauseMillis(steadyMillis(settings)) + 2 * probeTimeoutMillis,
  }
}

/** No belief goes longer without a look than `hostRecheckSeconds`. */
export function steadyMillis({ probeIntervalMillis, hostRecheckMillis }: Settings): number {
  return Math.min(probeIntervalMillis, hostRecheckMillis)
}
