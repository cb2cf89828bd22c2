// What a scenario may ask of a lab, whatever the lab is made of. Knows nothing of namespaces, containers or managers.

export interface LabHost {
  readonly name: string
  /** Where its own PostgreSQL listens, as a client of the lab dials it. */
  readonly address: string
  readonly port: number
  /** What this server answers to the lab's `whoSql`. */
  readonly self: string
}

/** A way for an application to reach the cluster. */
export interface Way {
  readonly name: string
  /** What `pg-ha` is given. */
  readonly url: string
  /** What a plain pg.Pool turns to for writes, one after the other when one fails. */
  readonly writes: readonly string[]
  readonly reads: readonly string[]
}

/** Something that breaks on one host, and its healing. */
export interface Fault {
  readonly says: string
  inject(host: LabHost): Promise<void>
  /** Also does its work where nothing is broken any more. */
  heal(host: LabHost): Promise<void>
}

export interface Lab {
  readonly name: string
  readonly hosts: readonly LabHost[]
  readonly ways: readonly Way[]
  readonly faults: Readonly<Record<string, Fault>>
  /** An SQL expression that tells one server from another, whichever way leads to it. */
  readonly whoSql: string
  /** A superuser's URL of one host's own server. */
  directUrl(host: LabHost): string
  start(): Promise<void>
  stop(): Promise<void>
  /** Resolves when one host is the primary, every other one streams from it, and every way leads there. */
  untilReady(millis?: number): Promise<void>
  /** The host that the lab's manager, or else the only primary found, names. */
  primary(): Promise<LabHost | undefined>
  /** Moves the primary to this host, in peace, where the lab can. */
  makePrimary?(host: LabHost): Promise<void>
  /** Who holds the virtual address, where the lab has one. */
  addressHolders(): Promise<readonly string[]>
  /** Synchronous replication on or off, where the lab can. */
  setSynchronous?(on: boolean): Promise<void>
}
