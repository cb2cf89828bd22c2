// What one session has written and seen, and which standbys may serve its next read: those that have replayed all of it.
// Told of what happens; asks nobody.
import { type ClusterView, findNode } from '../topology/cluster-view.ts'
import { lsnEnd } from '../topology/lsn.ts'
import { isClaimant, type NodeView, wasHeard } from '../topology/node-view.ts'
import { laterPosition, type WalPosition } from './wal-position.ts'

/**
 * - `shows`: it has replayed what the session must see
 * - `mayShow`: it may have by now; asking it would tell
 * - `lacks`: it has not, or cannot be judged
 */
export type Sight = 'shows' | 'mayShow' | 'lacks'

/** What is known of standbys beyond their last look. */
export interface ReplayKnowledge {
  /** How far it was seen to have replayed; null: nothing is known. */
  replayed(node: NodeView): number | null
  /** How old a write has to be for this standby to be likely to show it, in ms. */
  expectedLagMillis(node: NodeView): number
}

export interface SightQuestion {
  readonly view: ClusterView
  /** The primary that is written to; null: none is. */
  readonly primary: string | null
  readonly replay: ReplayKnowledge
  readonly nowMillis: number
  /** How long a standby may be waited for once it is asked. */
  readonly boundMillis: number
}

export class ReadSession {
  /** Reads never go back behind an earlier one, either. */
  readonly isMonotonic: boolean
  #floor: WalPosition | null = null
  #floorSinceMillis = 0
  /** Since when a write is over whose position nobody could tell; null: there is none. */
  #doubtSinceMillis: number | null = null
  /** Writes that are under way, or whose position is not known yet. */
  #pending = 0
  /** The node that was written to last. */
  #wroteTo: string | null = null
  #lastRead: { readonly node: string; readonly atMillis: number } | null = null

  constructor({ isMonotonic = false }: { isMonotonic?: boolean } = {}) {
    this.isMonotonic = isMonotonic
  }

  /** Null: it has written nothing, as far as is known. */
  get floor(): WalPosition | null {
    return this.#floor
  }

  /** Whether any standby will do. */
  get isFree(): boolean {
    return !this.isMonotonic && this.#floor === null && this.#pending === 0 && this.#doubtSinceMillis === null
  }

  /** Whether something was written that `floor` does not cover yet. */
  get isUnsettled(): boolean {
    return this.#pending > 0 || this.#doubtSinceMillis !== null
  }

  writeBegins(node: string): void {
    this.#pending += 1
    this.#wroteTo = node
  }

  /**
   * `position`: where the WAL ended at some time after the write. Null: it could not be found out; then what the primary
   * shows at a later look counts.
   */
  writeEnded(position: WalPosition | null, nowMillis: number): void {
    this.#pending -= 1
    if (position === null) this.#doubtSinceMillis = nowMillis
    else this.mustSee(position, nowMillis)
  }

  mustSee(position: WalPosition, nowMillis: number): void {
    const later = laterPosition(this.#floor, position)
    if (later === this.#floor) return
    this.#floor = later
    this.#floorSinceMillis = nowMillis
  }

  hasRead(node: string, nowMillis: number): void {
    if (this.isMonotonic) this.#lastRead = { node, atMillis: nowMillis }
  }

  /** Whether it was told of a timeline that this primary is not on yet, and some node has not been looked at since. */
  outruns(primary: NodeView, view: ClusterView): boolean {
    const timeline = primary.answer?.timeline ?? null
    if (this.#floor === null || timeline === null || timeline >= this.#floor.timeline) return false
    return view.nodes.some((node) => !wasHeard(node, this.#floorSinceMillis))
  }

  /** Whether a node that is no standby may serve it. Where none is written to, only one that surely has its writes. */
  mayReadPrimary(node: NodeView, { view, primary }: Pick<SightQuestion, 'view' | 'primary'>): boolean {
    if (node.name === primary) return !this.outruns(node, view)
    if (this.#lastRead !== null && this.#lastRead.node !== node.name) return false
    if (this.#wroteTo !== null) return this.#wroteTo === node.name
    const floor = this.#floor
    if (floor === null) return true
    const alike = claimants(view).filter(({ answer }) => answer?.timeline === floor.timeline)
    return alike.length === 1 && alike[0]?.name === node.name
  }

  sight(standby: NodeView, question: SightQuestion): Sight {
    if (this.#pending > 0) return 'lacks'
    const ahead =
      question.primary === null ? null : (findNode(question.view, question.primary)?.answer ?? null)
    const written = lsnEnd(ahead?.writeLsn ?? null)
    if (ahead === null || ahead.timeline === null || written === null) {
      const isKnown = this.#doubtSinceMillis === null
      const isSameNode = this.#lastRead === null || this.#lastRead.node === standby.name
      // Of two histories that go on side by side it may be following either.
      const isOneHistory =
        this.#floor === null || standby.answer?.timeline != null || claimants(question.view).length < 2
      return isKnown && isSameNode && isOneHistory ? this.#sightOfFloor(standby, question, null) : 'lacks'
    }
    const { askedAtMillis, timeline } = ahead
    this.#followPrimary({ timeline, position: written }, { askedAtMillis, nowMillis: question.nowMillis })
    if (this.#doubtSinceMillis !== null) return 'lacks'
    if (!this.#mayLeaveLastRead(standby, { askedAtMillis, written }, question)) return 'lacks'
    return this.#sightOfFloor(standby, question, timeline)
  }

  #followPrimary(
    primary: WalPosition,
    { askedAtMillis, nowMillis }: { askedAtMillis: number; nowMillis: number },
  ): void {
    // What is left of an older timeline's writes lies before anything the newer one's primary shows.
    if (this.#floor !== null && this.#floor.timeline < primary.timeline) {
      this.mustSee(primary, nowMillis)
      this.#wroteTo = null
    }
    if (this.#doubtSinceMillis === null || askedAtMillis < this.#doubtSinceMillis) return
    this.#doubtSinceMillis = null
    this.mustSee(primary, nowMillis)
  }

  /** Another node is no step back if it has replayed all that there was at a time after the last read. */
  #mayLeaveLastRead(
    standby: NodeView,
    { askedAtMillis, written }: { askedAtMillis: number; written: number },
    { replay }: SightQuestion,
  ): boolean {
    if (this.#lastRead === null || this.#lastRead.node === standby.name) return true
    if (askedAtMillis < this.#lastRead.atMillis) return false
    return (replay.replayed(standby) ?? -1) >= written
  }

  #sightOfFloor(
    standby: NodeView,
    { replay, nowMillis, boundMillis }: SightQuestion,
    timeline: number | null,
  ): Sight {
    const floor = this.#floor
    if (floor === null) return 'shows'
    const own = standby.answer?.timeline ?? timeline
    if (own !== null && own !== floor.timeline) return 'lacks'
    const replayed = replay.replayed(standby)
    if (replayed !== null && replayed >= floor.position) return 'shows'
    const age = nowMillis - this.#floorSinceMillis
    return age + boundMillis >= replay.expectedLagMillis(standby) ? 'mayShow' : 'lacks'
  }

  /** How long ago the session has come to need what it needs. */
  floorAgeMillis(nowMillis: number): number {
    return nowMillis - this.#floorSinceMillis
  }
}

function claimants({ nodes }: ClusterView): readonly NodeView[] {
  return nodes.filter(isClaimant)
}
