// Puts an end to what a connection is running: by PostgreSQL's cancel request, again as long as it does not help, and by
// cutting the connection where that takes too long. Says when the connection may be used again.
import { cancelOn } from './cancel-request.ts'
import { destroyClient, SESSION, type TrackedClient } from './tracked-client.ts'

/** One that comes before the statement has begun has nothing to cancel. */
const AGAIN_MILLIS = 250
/** How long the server may take to obey, in ms. */
const PATIENCE_MILLIS = 1000

interface Notice {
  readonly routine?: unknown
}

export class Cancellation {
  readonly #client: TrackedClient
  readonly #again: NodeJS.Timeout
  readonly #patience: NodeJS.Timeout
  readonly #onNotice = ({ routine }: Notice): void => {
    if (routine === 'SyncRepWaitForLSN') this.#isUnreplicated = true
  }
  #underWay = 0
  #isFit = true
  #isUnreplicated = false
  #onOver: ((isFit: boolean) => void) | null = null

  constructor(client: TrackedClient) {
    this.#client = client
    client.on('notice', this.#onNotice)
    this.#again = setInterval(() => this.#send(), AGAIN_MILLIS)
    this.#patience = setTimeout(() => destroyClient(client), PATIENCE_MILLIS)
    // A session of a pooler's may be another's by the time that the request arrives.
    if (client[SESSION].isPooled) this.#isFit = false
    this.#send()
  }

  /** What was cancelled was the wait for a standby, after the commit: it is applied here, and may be lost with this server. */
  get isUnreplicated(): boolean {
    return this.#isUnreplicated
  }

  /** The statement has ended, in whatever way. */
  stop(): void {
    clearInterval(this.#again)
    clearTimeout(this.#patience)
    this.#client.removeListener('notice', this.#onNotice)
  }

  /** Calls back when no request is under way that could meet the next statement, with whether the connection may be kept. */
  over(callback: (isFit: boolean) => void): void {
    this.#onOver = callback
    this.#tell()
  }

  #send(): void {
    this.#underWay += 1
    cancelOn(this.#client)
      .catch(() => {
        this.#isFit = false
        destroyClient(this.#client)
      })
      .finally(() => {
        this.#underWay -= 1
        this.#tell()
      })
  }

  #tell(): void {
    if (this.#underWay > 0) return
    this.#onOver?.(this.#isFit)
    this.#onOver = null
  }
}
