// A scenario as a picture: each server's role, each client's writes and reads, over time. Pure.
import { assertNever } from '../../../src/topology/assert-never.ts'
import type { HostState } from '../cluster-watch.ts'
import type { ScenarioResult } from '../results/result.ts'
import { SLICE_MILLIS, type Strip } from '../results/strip.ts'

const LEFT = 170
const WIDTH = 720
const LANE = 14
const TOP = 34

const COLOURS = { good: '#2f9e44', mixed: '#f08c00', bad: '#e03131', nothing: '#ced4da', calm: '#74c0fc' }

interface Bar {
  readonly from: number
  readonly to: number
  readonly colour: string
}

interface Lane {
  readonly label: string
  readonly bars: readonly Bar[]
}

export function timeline(result: ScenarioResult): string {
  const { marks } = result
  const span = marks.endedAt - marks.beganAt
  const x = (millis: number): number => Math.round((LEFT + (millis / span) * WIDTH) * 10) / 10
  const lanes = [...hostLanes(result), ...clientLanes(result)]
  const height = TOP + lanes.length * LANE + 24
  const bars = lanes.map(({ label, bars: all }, index) => {
    const y = TOP + index * LANE
    const rects = all.map(
      ({ from, to, colour }) =>
        `<rect x="${x(from)}" y="${y + 2}" width="${Math.max(0.5, Math.round((x(to) - x(from)) * 10) / 10)}" height="${LANE - 4}" fill="${colour}"/>`,
    )
    return `<text x="${LEFT - 6}" y="${y + 10}" text-anchor="end">${label}</text>${rects.join('')}`
  })
  const lines = (
    [
      ['fault', marks.faultAt],
      ['healed', marks.healedAt],
      ['whole', marks.wholeAt],
    ] as const
  ).map(([name, at], index) => {
    const place = x(at - marks.beganAt)
    const bottom = height - 22
    return `<line x1="${place}" x2="${place}" y1="${TOP - 4}" y2="${bottom}" stroke="#495057"/><text x="${place}" y="${index % 2 === 0 ? 28 : 18}" text-anchor="middle">${name}</text>`
  })
  const seconds = Array.from({ length: Math.floor(span / 5000) + 1 }, (_, index) => index * 5)
  const ticks = seconds.map(
    (at) => `<text x="${x(at * 1000)}" y="${height - 6}" text-anchor="middle">${at} s</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height}" font-family="sans-serif" font-size="9">`,
    `<title>What ${result.name} did, over time</title>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="6" y="12" font-size="11">${result.name}</text>`,
    ...bars,
    ...lines,
    ...ticks,
    '</svg>\n',
  ].join('\n')
}

function hostLanes({ hosts, sightings, marks }: ScenarioResult): readonly Lane[] {
  return hosts.map((host) => {
    const seen = sightings.filter((sighting) => sighting.host === host)
    const bars = seen.map(({ at, state }, index): Bar => {
      const until = seen[index + 1]?.at ?? marks.endedAt
      return {
        from: Math.max(0, at - marks.beganAt),
        to: Math.max(0, Math.min(until, marks.endedAt) - marks.beganAt),
        colour: colourOf(state),
      }
    })
    return { label: host, bars: bars.filter(({ from, to }) => to > from) }
  })
}

function colourOf(state: HostState): string {
  switch (state) {
    case 'primary':
      return COLOURS.good
    case 'standby':
      return COLOURS.calm
    case 'readOnlyPrimary':
      return COLOURS.mixed
    case 'away':
      return COLOURS.bad
    default:
      return assertNever(state)
  }
}

function clientLanes({ clients }: ScenarioResult): readonly Lane[] {
  return clients.flatMap(({ way, client, writes, reads }) => [
    { label: `${way} ${client} writes`, bars: stripBars(writes) },
    { label: 'reads', bars: stripBars(reads) },
  ])
}

/** Neighbours of one colour are one bar. */
export function stripBars({ succeeded, failed }: Strip): readonly Bar[] {
  const bars: Bar[] = []
  for (const [index, good] of succeeded.entries()) {
    const colour = sliceColour(good, failed[index] ?? 0)
    const from = index * SLICE_MILLIS
    const to = from + SLICE_MILLIS
    const last = bars.at(-1)
    if (last?.colour === colour) bars[bars.length - 1] = { ...last, to }
    else bars.push({ from, to, colour })
  }
  return bars
}

function sliceColour(good: number, bad: number): string {
  if (good > 0) return bad > 0 ? COLOURS.mixed : COLOURS.good
  return bad > 0 ? COLOURS.bad : COLOURS.nothing
}
