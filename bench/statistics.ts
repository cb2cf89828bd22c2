// Middle and spread of samples. Pure.

/** By linear interpolation between the two nearest samples; NaN of none. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = Float64Array.from(samples).sort()
  const place = (sorted.length - 1) * q
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly quarter: number
  readonly threeQuarters: number
  readonly max: number
}

export function spread(samples: readonly number[]): Spread {
  return {
    median: median(samples),
    min: quantile(samples, 0),
    quarter: quantile(samples, 0.25),
    threeQuarters: quantile(samples, 0.75),
    max: quantile(samples, 1),
  }
}

export function rounded<T>(value: T, digits = 3): T {
  if (typeof value === 'number') return Number(value.toFixed(digits)) as T
  if (Array.isArray(value)) return value.map((item) => rounded(item, digits)) as T
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, item]) => [key, rounded(item, digits)])
  return Object.fromEntries(entries) as T
}
