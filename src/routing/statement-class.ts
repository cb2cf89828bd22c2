// What kind of statement a text is: one that a standby can serve, given what its functions do, or one that needs the
// primary, and why. Knows nothing of nodes.

/** A function as the text calls it; without a schema it is found by the search path. */
export interface CalledFunction {
  readonly schema: string | null
  readonly name: string
}

export type StatementClass =
  | {
      readonly kind: 'read'
      /** Each must be known not to write, or the statement is no read. */
      readonly calls: readonly CalledFunction[]
    }
  | {
      readonly kind: 'write'
      /** Completes "needs the primary: ...". */
      readonly why: string
    }

export function needsPrimary(why: string): StatementClass {
  return Object.freeze({ kind: 'write', why })
}

/** `f` or `s.f`: what the knowledge of functions is kept under. */
export function functionKey({ schema, name }: CalledFunction): string {
  return schema === null ? name : `${schema}.${name}`
}
