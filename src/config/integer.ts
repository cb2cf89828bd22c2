// Reads an integer as libpq reads one of a connection parameter.

const MOST = 2 ** 31

/** Decimal, 32 bits, blanks around it allowed; undefined for anything else. */
export function readInteger(text: string): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d{1,10}[ \t\n\v\f\r]*$/.test(text)) return undefined
  const value = Number(text)
  return value >= -MOST && value < MOST ? value : undefined
}
