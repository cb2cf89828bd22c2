// PostgreSQL's wire protocol 3.0 as a server writes it: only the messages that a scripted server needs.

const TEXT_OID = 25

export interface Column {
  readonly name: string
  /** Type OID; text where it is not given. */
  readonly oid?: number
  /** As text; null is SQL's NULL. */
  readonly value: string | null
}

export const READY = message('Z', Buffer.from('I'))
export const AUTHENTICATION_OK = message('R', int32(0))
export const KEY_DATA = message('K', Buffer.concat([int32(1), int32(1)]))

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', Buffer.concat([text(name), text(value)]))
}

export function errorResponse(severity: 'ERROR' | 'FATAL', sqlState: string, words: string): Buffer {
  const fields = Object.entries({ S: severity, V: severity, C: sqlState, M: words })
  const body = fields.flatMap(([field, value]) => [Buffer.from(field), text(value)])
  return message('E', Buffer.concat([...body, Buffer.from([0])]))
}

/** One row, its description before it and the command's end after it. */
export function oneRow(columns: readonly Column[]): Buffer {
  const description = columns.flatMap(({ name, oid = TEXT_OID }) => [
    text(name),
    Buffer.concat([int32(0), int16(0), int32(oid), int16(-1), int32(-1), int16(0)]),
  ])
  const values = columns.map(({ value }) => {
    if (value === null) return int32(-1)
    const bytes = Buffer.from(value)
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return Buffer.concat([
    message('T', Buffer.concat([int16(columns.length), ...description])),
    message('D', Buffer.concat([int16(columns.length), ...values])),
    message('C', text('SELECT 1')),
  ])
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
