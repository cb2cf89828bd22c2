// A client's life in equal slices of time: how many statements succeeded and failed in each. Small enough to be kept. Pure.
import type { Operation } from '../application/record.ts'
import { hasSucceeded, type Marks } from './measure.ts'

export const SLICE_MILLIS = 250

export interface Strip {
  readonly succeeded: readonly number[]
  readonly failed: readonly number[]
}

export function strip(operations: readonly Operation[], { beganAt, endedAt }: Marks): Strip {
  const slices = Math.ceil((endedAt - beganAt) / SLICE_MILLIS)
  const succeeded = Array.from({ length: slices }, () => 0)
  const failed = Array.from({ length: slices }, () => 0)
  for (const operation of operations) {
    if (operation.endedAt === null) continue
    const slice = Math.floor((operation.endedAt - beganAt) / SLICE_MILLIS)
    if (slice < 0 || slice >= slices) continue
    const counts = hasSucceeded(operation) ? succeeded : failed
    counts[slice] = (counts[slice] ?? 0) + 1
  }
  return { succeeded, failed }
}
