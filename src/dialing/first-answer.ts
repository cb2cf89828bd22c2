// What a server's first answer to the startup message says of the encryption. Pure.

const ERROR_RESPONSE = 'E'.charCodeAt(0)
const SQLSTATE_FIELD = 'C'.charCodeAt(0)

/** Whether it is an ErrorResponse: the server refused before it asked for anything. */
export function isRefusal(answer: Buffer): boolean {
  return answer[0] === ERROR_RESPONSE
}

/**
 * Whether the refusal is about the server's own condition (class 57: it starts or stops, class 53: too many connections):
 * another encryption would meet the same.
 */
export function isUnrelatedToEncryption(refusal: Buffer): boolean {
  const code = sqlState(refusal)
  return code !== undefined && (code.startsWith('57') || code.startsWith('53'))
}

/** Fields of one letter and a text that ends with a NUL, after the letter of the message and its length. */
function sqlState(refusal: Buffer): string | undefined {
  let at = 5
  while (at < refusal.length && refusal[at] !== 0) {
    const end = refusal.indexOf(0, at + 1)
    if (end === -1) return undefined
    if (refusal[at] === SQLSTATE_FIELD) return refusal.toString('latin1', at + 1, end)
    at = end + 1
  }
  return undefined
}
