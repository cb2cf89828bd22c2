// The books of one failover: what was acknowledged, what failed and how, where reads ran.

export class Seen {
  /** Tells the writers and readers to stop. */
  isOver = false
  /** When the successor took over, by performance.now(). */
  promotedAt = Number.POSITIVE_INFINITY
  readonly #written = new Set<number>()
  readonly #errors = new Map<string, number>()
  readonly #reads = { standby: 0, primary: 0, failed: 0 }
  #next = 0
  #afterwards = 0
  #resumedAt: number | undefined

  get acknowledged(): number {
    return this.#written.size
  }

  /** Those that were begun after the successor took over. */
  get acknowledgedAfterwards(): number {
    return this.#afterwards
  }

  nextNumber(): number {
    this.#next += 1
    return this.#next
  }

  written(id: number, begunAt: number): void {
    const now = performance.now()
    this.#written.add(id)
    if (now >= this.promotedAt) this.#resumedAt ??= now
    if (begunAt >= this.promotedAt) this.#afterwards += 1
  }

  failed(error: unknown): void {
    const label = labelOf(error)
    this.#errors.set(label, (this.#errors.get(label) ?? 0) + 1)
  }

  read({ onStandby }: { onStandby: boolean }): void {
    this.#reads[onStandby ? 'standby' : 'primary'] += 1
  }

  readFailed(error: unknown): void {
    this.#reads.failed += 1
    this.#errors.set(`read: ${labelOf(error)}`, this.#reads.failed)
  }

  missingFrom(kept: readonly number[]): readonly number[] {
    const there = new Set(kept)
    return [...this.#written].filter((id) => !there.has(id))
  }

  toString(): string {
    const { standby, primary, failed } = this.#reads
    const errors = [...this.#errors].map(([label, times]) => `${times} × ${label}`).join(', ')
    const reads = standby + primary + failed
    return [
      `${this.acknowledged} writes acknowledged, ${this.#afterwards} of them by the successor`,
      ...(this.#resumedAt === undefined
        ? []
        : [`the first ${Math.round(this.#resumedAt - this.promotedAt)} ms after its promotion`]),
      `failed: ${errors || 'none'}`,
      ...(reads === 0 ? [] : [`${reads} reads, ${standby} on standbys, ${failed} failed`]),
    ].join('; ')
  }
}

/** Its code, or its cause's: libraries wrap errors. */
function labelOf(error: unknown): string {
  const { code, name, message, cause, original } = error as Record<string, unknown> & { message: string }
  for (const inner of [cause, original]) if (inner instanceof Error) return labelOf(inner)
  return `${code ?? `${name}: ${message}`}`
}
