// Reads libpq's require_auth: which ways of logging in a server may ask for. Never quotes a value that is no method.
import type { AuthMethod, RequireAuth } from './settings.ts'

const METHODS: readonly AuthMethod[] = ['password', 'md5', 'gss', 'sspi', 'scram-sha-256', 'none', 'oauth']

/** The methods, or what is wrong, in libpq's words. */
export function readRequireAuth(text: string): RequireAuth | string {
  const methods: AuthMethod[] = []
  let negated: boolean | undefined
  for (const piece of text.split(',')) {
    const isNegative = piece.startsWith('!')
    const name = isNegative ? piece.slice(1) : piece
    const method = METHODS.find((each) => each === name)
    if (method === undefined) return `invalid require_auth value, expected a list of ${METHODS.join(', ')}`
    if (negated !== undefined && negated !== isNegative) {
      return isNegative
        ? `negative require_auth method "${method}" cannot be mixed with non-negative methods`
        : `require_auth method "${method}" cannot be mixed with negative methods`
    }
    negated = isNegative
    if (methods.includes(method)) return `require_auth method "${piece}" is specified more than once`
    methods.push(method)
  }
  return Object.freeze({ methods: Object.freeze(methods), negated: negated === true })
}
