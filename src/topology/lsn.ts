// Log sequence numbers as PostgreSQL writes them (`16/B374D848`). Positions of different histories must never be compared:
// that judgement belongs to the caller.

const PATTERN = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i

/** The byte position of an LSN, or null where the text is not one. */
export function lsnPosition(lsn: string): bigint | null {
  const match = PATTERN.exec(lsn)
  if (match === null) return null
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)
}

/** How many bytes `behind` trails `ahead`; 0 when it does not, null when either is unknown. */
export function lsnDistanceBytes(ahead: string | null, behind: string | null): number | null {
  if (ahead === null || behind === null) return null
  const a = lsnPosition(ahead)
  const b = lsnPosition(behind)
  if (a === null || b === null) return null
  return a > b ? Number(a - b) : 0
}
