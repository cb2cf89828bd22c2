// What a session has written and seen decides which standbys may answer it; across writes, doubts and timelines.
import { describe, expect, test } from 'vitest'
import { ReadSession, type ReplayKnowledge } from '../../../src/routing/read-session.ts'
import { ReplayMemory } from '../../../src/routing/replay-memory.ts'
import {
  laterPosition,
  lsnText,
  positionToken,
  readPositionToken,
} from '../../../src/routing/wal-position.ts'
import { type ClusterView, initialView } from '../../../src/topology/cluster-view.ts'
import type { NodeView } from '../../../src/topology/node-view.ts'
import { hosts, learn, longName, shortName } from '../../support/cluster-script.ts'
import { sighting } from '../../support/sighting.ts'

function viewOf(sightings: Readonly<Record<string, string>>): ClusterView {
  return Object.entries(sightings).reduce(
    (view, [node, text]) => learn(view, longName(node), { result: sighting(text, 0), nowMillis: 0 }),
    initialView(hosts(Object.keys(sightings)), 0),
  )
}

function sightOf(
  session: ReadSession,
  name: string,
  { view, nowMillis = 0, replay }: { view: ClusterView; nowMillis?: number; replay?: ReplayKnowledge },
): string {
  const node = view.nodes.find((each) => each.name === longName(name)) as NodeView
  return session.sight(node, {
    view,
    primary: view.nodes.find(({ state }) => state === 'primary')?.name ?? null,
    replay: replay ?? new ReplayMemory(() => nowMillis),
    nowMillis,
    boundMillis: 10,
  })
}

function sightOfUnnamed(session: ReadSession, node: NodeView, view: ClusterView): string {
  const replay = new ReplayMemory(() => 0)
  return session.sight(node, { view, primary: null, replay, nowMillis: 0, boundMillis: 10 })
}

const VIEW = viewOf({ a: 'primary tl=1 write=0/300', b: 'standby replay=0/200', c: 'standby replay=0/100' })

describe('a session', () => {
  test('that has written nothing may read anywhere', () => {
    const session = new ReadSession()
    expect(session.isFree).toBe(true)
    expect(sightOf(session, 'c', { view: VIEW })).toBe('shows')
  })

  test('reads from no standby while a write is under way', () => {
    const session = new ReadSession()
    session.writeBegins(longName('a'))
    session.writeBegins(longName('a'))
    session.writeEnded({ timeline: 1, position: 0x100 }, 0)
    expect(sightOf(session, 'b', { view: VIEW })).toBe('lacks')
    session.writeEnded({ timeline: 1, position: 0x80 }, 0)
    expect(sightOf(session, 'b', { view: VIEW })).toBe('shows')
    expect(session.floor).toEqual({ timeline: 1, position: 0x100 })
  })

  test('reads where its writes have been replayed, and asks where they may have been', () => {
    const session = new ReadSession()
    session.mustSee({ timeline: 1, position: 0x180 }, 0)
    expect(sightOf(session, 'b', { view: VIEW })).toBe('shows')
    expect(sightOf(session, 'c', { view: VIEW })).toBe('mayShow')
  })

  test('does not ask a standby that is known to come later, until it is time', () => {
    let nowMillis = 0
    const replay = new ReplayMemory(() => nowMillis)
    const [, , c] = VIEW.nodes
    if (c === undefined) throw new Error('A node was expected')
    replay.noteLate(c, 200)
    const session = new ReadSession()
    session.mustSee({ timeline: 1, position: 0x180 }, 0)
    expect(sightOf(session, 'c', { view: VIEW, replay })).toBe('lacks')
    nowMillis = 280
    expect(sightOf(session, 'c', { view: VIEW, replay, nowMillis })).toBe('mayShow')
    replay.note(c.name, 0x180)
    expect(sightOf(session, 'c', { view: VIEW, replay, nowMillis })).toBe('shows')
  })

  test('whose write ended in doubt waits for a later look at the primary', () => {
    const session = new ReadSession()
    session.writeBegins(longName('a'))
    session.writeEnded(null, 50)
    expect(session.isFree).toBe(false)
    expect(sightOf(session, 'b', { view: VIEW, nowMillis: 60 })).toBe('lacks')
    const later = viewOf({ a: 'primary tl=1 write=0/280 asked=70', b: 'standby replay=0/280 asked=70' })
    expect(sightOf(session, 'b', { view: later, nowMillis: 80 })).toBe('shows')
  })

  test('on a newer timeline asks for what is left of its writes there, and compares no positions across', () => {
    const session = new ReadSession()
    session.mustSee({ timeline: 1, position: 0x900 }, 0)
    const view = viewOf({
      a: 'primary tl=2 write=0/400',
      b: 'standby replay=0/400',
      c: 'standby tl=1 replay=0/900',
    })
    expect(sightOf(session, 'b', { view })).toBe('shows')
    expect(sightOf(session, 'c', { view })).toBe('lacks')
    expect(session.floor).toEqual({ timeline: 2, position: 0x400 })
  })

  test('from a newer timeline than the primary that is known reads from no standby', () => {
    const session = new ReadSession()
    session.mustSee({ timeline: 3, position: 0x10 }, 0)
    expect(sightOf(session, 'b', { view: VIEW })).toBe('lacks')
  })

  describe('that was told of a newer timeline than the primary’s', () => {
    const told = (view: ClusterView): readonly boolean[] => {
      const session = new ReadSession()
      session.mustSee({ timeline: 2, position: 0x10 }, 50)
      const [a] = view.nodes as [NodeView]
      return [session.outruns(a, view), session.mayReadPrimary(a, { view, primary: a.name })]
    }

    test('does not read there before every node has been looked at again', () => {
      expect(told(viewOf({ a: 'primary tl=1 asked=60', b: 'standby asked=49' }))).toEqual([true, false])
    })

    test('reads there once no other primary was found', () => {
      expect(told(viewOf({ a: 'primary tl=1 asked=60', b: 'silent asked=50' }))).toEqual([false, true])
      expect(told(viewOf({ a: 'primary tl=2', b: 'standby' }))).toEqual([false, true])
      expect(told(viewOf({ a: 'primary', b: 'standby' }))).toEqual([false, true])
    })
  })

  describe('where no primary is written to', () => {
    const SPLIT = viewOf({
      a: 'primary tl=1 write=0/300',
      b: 'primary tl=2 write=0/280',
      c: 'standby replay=0/280',
    })

    function readable(session: ReadSession, view: ClusterView): string {
      const maySee = (node: NodeView): boolean =>
        node.state === 'standby'
          ? sightOfUnnamed(session, node, view) === 'shows'
          : session.mayReadPrimary(node, { view, primary: null })
      return view.nodes
        .filter(maySee)
        .map(({ name }) => shortName(name))
        .join(' ')
    }

    test('reads from the claimant that it wrote to, not from the other, nor from what may follow it', () => {
      const session = new ReadSession()
      session.writeBegins(longName('a'))
      expect(readable(session, SPLIT)).toBe('a')
      session.writeEnded({ timeline: 1, position: 0x200 }, 0)
      expect(readable(session, SPLIT)).toBe('a')
    })

    test('from a token reads from the only claimant on its timeline', () => {
      const session = new ReadSession()
      session.mustSee({ timeline: 2, position: 0x200 }, 0)
      expect(readable(session, SPLIT)).toBe('b')
      expect(readable(session, viewOf({ a: 'primary tl=2', b: 'primary tl=2' }))).toBe('')
    })

    test('reads from a standby whose timeline can be seen to be its own', () => {
      const session = new ReadSession()
      session.mustSee({ timeline: 1, position: 0x200 }, 0)
      expect(readable(session, viewOf({ a: 'primary tl=2', b: 'standby tl=1 replay=0/280' }))).toBe('b')
      expect(readable(session, viewOf({ a: 'refused', b: 'standby replay=0/280' }))).toBe('b')
    })

    test('that is monotonic reads on where it has read', () => {
      const session = new ReadSession({ isMonotonic: true })
      expect(readable(session, SPLIT)).toBe('a b c')
      session.hasRead(longName('b'), 0)
      expect(readable(session, SPLIT)).toBe('b')
    })
  })

  test('that is monotonic stays where it has read until another has replayed all there was', () => {
    const session = new ReadSession({ isMonotonic: true })
    session.hasRead(longName('b'), 10)
    expect(sightOf(session, 'b', { view: VIEW })).toBe('shows')
    expect(sightOf(session, 'c', { view: VIEW })).toBe('lacks')
    const early = viewOf({ a: 'primary tl=1 write=0/300 asked=9', b: 'refused', c: 'standby replay=0/300' })
    expect(sightOf(session, 'c', { view: early })).toBe('lacks')
    const later = viewOf({ a: 'primary tl=1 write=0/300 asked=10', b: 'refused', c: 'standby replay=0/300' })
    expect(sightOf(session, 'c', { view: later })).toBe('shows')
  })
})

describe('a position', () => {
  test('travels as a token, and nothing else is taken for one', () => {
    const position = { timeline: 7, position: 0x16b374d848 }
    expect(positionToken(position)).toBe('pgha1.7.16b374d848')
    expect(readPositionToken(positionToken(position))).toEqual(position)
    for (const text of ['', 'pgha1.0.1', 'pgha1.1.', 'pgha1.1.xyz', 'pgha2.1.1', "pgha1.1.1'; drop"]) {
      expect(readPositionToken(text)).toBeNull()
    }
    expect(lsnText(position.position)).toBe('16/B374D848')
  })

  test('of a newer timeline is later, wherever it is', () => {
    const older = { timeline: 1, position: 900 }
    const newer = { timeline: 2, position: 4 }
    expect(laterPosition(older, newer)).toBe(newer)
    expect(laterPosition(newer, older)).toBe(newer)
    expect(laterPosition(null, older)).toBe(older)
  })
})
