// What one look at a node brings home: an answer or a failure, both plain values. Knows nothing of how a look is
// taken.
import type { ConnectPhase } from '../errors.ts'

/** A server answered the monitor's question. */
export interface ProbeAnswer {
  readonly kind: 'answer'
  /** When the question left, on the pool's clock: an answer to an older question never overrides a newer one. */
  readonly askedAtMillis: number
  readonly roundTripMillis: number
  /** What the server itself needed of that, on its own clock; null: it did not say. */
  readonly servingMillis: number | null
  /**
   * Whether a pooler such as PgBouncer hands out the server's sessions: what it says at a login may be long past. Null: not
   * known.
   */
  readonly isPooled: boolean | null
  readonly role: 'primary' | 'standby'
  /** `default_transaction_read_only` is on: a primary that refuses writes. */
  readonly readOnly: boolean
  /** `server_version_num`. */
  readonly serverVersion: number | null
  /** When the server was started, on the server's clock. Differs after every restart. */
  readonly serverStartMillis: number | null
  /** From pg_control_system(); null where the role may not call it. */
  readonly systemIdentifier: string | null
  /** The timeline of the WAL being written or received, never of the control file, which lags after a promotion. */
  readonly timeline: number | null
  /** A primary's insert position. */
  readonly writeLsn: string | null
  readonly receiveLsn: string | null
  readonly replayLsn: string | null
  /** Milliseconds since the last transaction that a standby replayed was committed. */
  readonly replayAgeMillis: number | null
  /** Standbys that stream from this node; backups and logical subscribers are left out. Null: may not be seen. */
  readonly followers: number | null
  /** Whether a standby's WAL receiver runs; null on a primary. */
  readonly receiving: boolean | null
  /** Whom a standby streams from; needs pg_monitor. */
  readonly upstream: { readonly host: string; readonly port: number } | null
  /** Where the server itself says that it was reached: behind a proxy not what was dialled. */
  readonly ownAddress: { readonly host: string; readonly port: number } | null
  /** False: the standby a commit has to wait for is not there, and a commit would hang. Null: may not be seen. */
  readonly canCommit: boolean | null
  /** Whether the monitor's role may read where the timeline comes from (REPLICATION). */
  readonly mayTrace: boolean
}

/**
 * What a failure says of the node itself.
 *
 * - `refused`: nothing listens there (ECONNREFUSED)
 * - `unreachable`: no way there, or its name does not resolve
 * - `silent`: it did not answer within the deadline
 * - `lost`: a connection that worked has ended
 * - `starting`: it answers, but takes no sessions (57P03)
 * - `demoted`: it refuses writes or says that it is in recovery although it was believed a primary
 * - `rejected`: it refuses this client: password, pg_hba.conf, database, TLS
 * - `confused`: it answered something this library cannot read
 */
export type FailureSign =
  | 'refused'
  | 'unreachable'
  | 'silent'
  | 'lost'
  | 'starting'
  | 'demoted'
  | 'rejected'
  | 'confused'

/** A look, or a connection in use, failed in a way that says something of the node. */
export interface NodeFailure {
  readonly kind: 'failure'
  readonly askedAtMillis: number
  readonly sign: FailureSign
  /** Only the monitor's own looks count towards declaring a node silent. */
  readonly seenBy: 'monitor' | 'pool'
  /** SQLSTATE or system error code. */
  readonly code: string | undefined
  readonly message: string
  /** The error itself where the application may have to be told in the server's own words. */
  readonly error?: Error
  /** How far the connect that failed had come; not there when it was no connect that failed. */
  readonly phase?: ConnectPhase
  /** The address that connect dialled; null: it had none yet. */
  readonly address?: string | null
  /** How long that connect took until it failed. */
  readonly elapsedMillis?: number
}

export type ProbeResult = ProbeAnswer | NodeFailure
