// Curves over time as a picture. Pure.

export interface Curve {
  readonly label: string
  readonly colour: string
  /** One value a second, from the first second on. */
  readonly values: readonly number[]
  /** It stays where it has come to. */
  readonly isSum: boolean
}

const LEFT = 60
const WIDTH = 640
const TOP = 30
const HEIGHT = 200
const MOST_SECONDS = 150

export function plot(title: string, curves: readonly Curve[]): string {
  const seconds = Math.min(MOST_SECONDS, Math.max(6, ...curves.map(({ values }) => values.length)))
  const most = Math.max(1, ...curves.flatMap(({ values }) => values.slice(0, seconds)))
  const x = (second: number): number => round(LEFT + (second / seconds) * WIDTH)
  const y = (value: number): number => round(TOP + HEIGHT - (value / most) * HEIGHT)
  const lines = curves.map(({ values, colour, isSum }) => {
    const after = isSum ? (values.at(-1) ?? 0) : 0
    const points = Array.from({ length: seconds }, (_, at) => `${x(at + 1)},${y(values[at] ?? after)}`)
    return `<polyline points="${x(0)},${y(isSum ? 0 : (values[0] ?? 0))} ${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`
  })
  const legend = curves.map(
    ({ label, colour }, index) =>
      `<text x="${LEFT + 10 + index * 60}" y="${TOP + HEIGHT + 30}" fill="${colour}">${label}</text>`,
  )
  const levels = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(most * part)}" y2="${y(most * part)}" stroke="#dee2e6"/>` +
      `<text x="${LEFT - 5}" y="${y(most * part) + 3}" text-anchor="end">${Math.round(most * part)}</text>`,
  )
  const ticks = Array.from({ length: 7 }, (_, index) => Math.round((index * seconds) / 6)).map(
    (at) => `<text x="${x(at)}" y="${TOP + HEIGHT + 14}" text-anchor="middle">${at} s</text>`,
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${TOP + HEIGHT + 40}" font-family="sans-serif" font-size="10">`,
    `<title>${title}</title>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="${LEFT}" y="16" font-size="12">${title}</text>`,
    ...levels,
    ...lines,
    ...legend,
    ...ticks,
    '</svg>\n',
  ].join('\n')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
