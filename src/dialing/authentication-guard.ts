// Watches what the server asks for while a session is set up, and says when that is less than require_auth or
// channel_binding demand. Words as libpq's. Knows nothing of sockets; sees no password.
import type { AuthMethod, RequireAuth } from '../config/settings.ts'

export interface GuardPolicy {
  readonly requireAuth: RequireAuth | undefined
  readonly channelBinding: 'disable' | 'prefer' | 'require'
}

/** pg-protocol's name of the message, and the method that answers it. */
const METHODS: Readonly<Record<string, { readonly method: AuthMethod; readonly asked: string }>> = {
  authenticationCleartextPassword: { method: 'password', asked: 'server requested a cleartext password' },
  authenticationMD5Password: { method: 'md5', asked: 'server requested a hashed password' },
  authenticationSASL: { method: 'scram-sha-256', asked: 'server requested SASL authentication' },
}

export class AuthenticationGuard {
  readonly #policy: GuardPolicy
  readonly #isEncrypted: boolean
  #mechanism: string | null = null
  /** The client has done all that the server asked of it. */
  #isComplete = false

  constructor(policy: GuardPolicy, { isEncrypted }: { isEncrypted: boolean }) {
    this.#policy = policy
    this.#isEncrypted = isEncrypted
  }

  /** Why the session must not go on, before the message is answered; undefined: it may. */
  objection(message: string): string | undefined {
    if (message === 'authenticationOk') return this.#objectionToWelcome()
    if (message === 'authenticationSASLFinal') this.#isComplete = true
    const asked = METHODS[message]
    if (asked === undefined) return undefined
    const refused = this.#objectionToMethod(message, asked)
    if (refused === undefined && message !== 'authenticationSASL') this.#isComplete = true
    return refused
  }

  /** Why this SASL mechanism must not be used, before anything is sent by it. */
  objectionToMechanism(mechanism: string): string | undefined {
    this.#mechanism = mechanism
    if (this.#policy.channelBinding !== 'require' || mechanism.endsWith('-PLUS')) return undefined
    return 'channel binding is required, but server did not offer an authentication method that supports channel binding'
  }

  #objectionToMethod(
    message: string,
    { method, asked }: { method: AuthMethod; asked: string },
  ): string | undefined {
    const { requireAuth, channelBinding } = this.#policy
    if (requireAuth !== undefined && requireAuth.methods.includes(method) === requireAuth.negated) {
      return refusal(requireAuth, asked)
    }
    if (channelBinding !== 'require') return undefined
    if (message !== 'authenticationSASL') {
      return "channel binding required but not supported by server's authentication request"
    }
    return this.#isEncrypted ? undefined : 'channel binding required, but SSL not in use'
  }

  #objectionToWelcome(): string | undefined {
    const { requireAuth, channelBinding } = this.#policy
    if (requireAuth !== undefined && !this.#isComplete && demandsAnswer(requireAuth)) {
      return refusal(requireAuth, 'server did not complete authentication')
    }
    const isBound = this.#isComplete && this.#mechanism?.endsWith('-PLUS') === true
    if (channelBinding !== 'require' || isBound) return undefined
    return 'channel binding required, but server authenticated client without channel binding'
  }
}

/** Whether a server that asks for nothing is one too many. */
function demandsAnswer({ methods, negated }: RequireAuth): boolean {
  return methods.includes('none') === negated
}

function refusal({ methods, negated }: RequireAuth, reason: string): string {
  const text = methods.map((method) => (negated ? `!${method}` : method)).join(',')
  return `authentication method requirement "${text}" failed: ${reason}`
}
