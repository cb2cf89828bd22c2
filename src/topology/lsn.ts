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

const PAGE_BYTES = 8192
const PAGE_HEADER_BYTES = 24

/**
 * Where the last record before this position ends, as a number: exact up to 2^56, because records end at multiples of 8.
 * Behind a full page PostgreSQL says where the next record will begin, after the page's header; a standby that has replayed
 * all says where the last one ended, before it. Null where the text is no LSN.
 */
export function lsnEnd(lsn: string | null): number | null {
  const position = lsn === null ? null : lsnPosition(lsn)
  if (position === null) return null
  const end = Number(position)
  return end % PAGE_BYTES === PAGE_HEADER_BYTES ? end - PAGE_HEADER_BYTES : end
}
