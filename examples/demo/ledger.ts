// The books of the demo: what became of every row that a writer tried to write, and what the servers hold in the end.
// Knows nothing of pools, clocks or servers: time and findings are parameters.

/** Codes after which only the database knows whether the row was written. */
const IN_DOUBT: ReadonlySet<string> = new Set([
  'PGHA_OUTCOME_UNKNOWN',
  'PGHA_CONNECTION_LOST',
  '57P01',
  '57P02',
])

interface Entry {
  outcome: 'open' | 'acknowledged' | 'inDoubt' | 'refused'
  settledAtMillis: number
}

export interface Audit {
  readonly acknowledged: number
  /** Acknowledged rows that are there. */
  readonly found: number
  /** Acknowledged rows that are not there. */
  readonly lost: number
  /** Rows that are there more than once, acknowledged or not. */
  readonly doubled: number
  /** Rows whose writer was told that the outcome is unknown, by what the outcome was. */
  readonly inDoubt: { readonly written: number; readonly notWritten: number }
}

export interface Gap {
  readonly fromMillis: number
  readonly toMillis: number
}

export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #acknowledgedAt: number[] = []
  readonly #errors = new Map<string, number>()
  #reads = 0

  get writes(): number {
    return this.#acknowledgedAt.length
  }

  get reads(): number {
    return this.#reads
  }

  /** How often each kind of error reached a caller. */
  get errors(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#errors].sort(([a], [b]) => a.localeCompare(b)))
  }

  begin(key: string): void {
    this.#entries.set(key, { outcome: 'open', settledAtMillis: Number.POSITIVE_INFINITY })
  }

  acknowledge(key: string, atMillis: number): void {
    this.#entries.set(key, { outcome: 'acknowledged', settledAtMillis: atMillis })
    this.#acknowledgedAt.push(atMillis)
  }

  writeFailed(key: string, { code, atMillis }: { code: string; atMillis: number }): void {
    const outcome = IN_DOUBT.has(code) ? 'inDoubt' : 'refused'
    this.#entries.set(key, { outcome, settledAtMillis: atMillis })
    this.#count(`write ${code}`)
  }

  readDone(): void {
    this.#reads += 1
  }

  readFailed(code: string): void {
    this.#count(`read ${code}`)
  }

  /** The first acknowledgement at or after this time. */
  firstAcknowledgement(sinceMillis: number): number | undefined {
    return this.#acknowledgedAt.find((at) => at >= sinceMillis)
  }

  /** The longest time without an acknowledgement, of those that reach into the span. */
  longestGap(span: Gap): Gap {
    let longest: Gap = { fromMillis: span.fromMillis, toMillis: span.fromMillis }
    for (let i = 1; i < this.#acknowledgedAt.length; i++) {
      const gap = { fromMillis: this.#acknowledgedAt[i - 1] ?? 0, toMillis: this.#acknowledgedAt[i] ?? 0 }
      if (gap.toMillis < span.fromMillis || gap.fromMillis > span.toMillis) continue
      if (gap.toMillis - gap.fromMillis > longest.toMillis - longest.fromMillis) longest = gap
    }
    return longest
  }

  /** Compares the books with how often the cluster's primary holds each key. */
  audit(held: ReadonlyMap<string, number>): Audit {
    const audit = { acknowledged: 0, found: 0, lost: 0, doubled: 0 }
    const inDoubt = { written: 0, notWritten: 0 }
    for (const [key, { outcome }] of this.#entries) {
      const isHeld = held.has(key)
      if (outcome === 'acknowledged') {
        audit.acknowledged += 1
        if (isHeld) audit.found += 1
        else audit.lost += 1
      } else if (outcome === 'inDoubt') {
        if (isHeld) inDoubt.written += 1
        else inDoubt.notWritten += 1
      }
    }
    for (const times of held.values()) if (times > 1) audit.doubled += 1
    return { ...audit, inDoubt }
  }

  /** Keys whose write was not over at this time, or had not begun: a server that was dead until then cannot hold them. */
  impossibleBefore(atMillis: number, keys: Iterable<string>): readonly string[] {
    return [...keys].filter((key) => {
      const entry = this.#entries.get(key)
      return entry === undefined || entry.settledAtMillis > atMillis
    })
  }

  #count(kind: string): void {
    this.#errors.set(kind, (this.#errors.get(kind) ?? 0) + 1)
  }
}
