// Replication lag: right on an idle primary, with a cut receiver, and across histories.
import { describe, expect, test } from 'vitest'
import { applyProbe } from '../../../src/topology/apply-probe.ts'
import { type ClusterView, findNode, initialView } from '../../../src/topology/cluster-view.ts'
import type { ProbeAnswer } from '../../../src/topology/probe-result.ts'
import { isWithinLag, type ReplicationLag, replicationLag } from '../../../src/topology/replication-lag.ts'
import { SYSTEM } from '../../support/sighting.ts'

const ANSWER: ProbeAnswer = {
  kind: 'answer',
  askedAtMillis: 1,
  roundTripMillis: 1,
  servingMillis: null,
  isPooled: null,
  role: 'standby',
  readOnly: false,
  serverVersion: 180004,
  serverStartMillis: 0,
  systemIdentifier: SYSTEM,
  timeline: null,
  writeLsn: null,
  receiveLsn: null,
  replayLsn: null,
  replayAgeMillis: null,
  followers: 0,
  receiving: true,
  upstream: null,
  ownAddress: null,
  canCommit: null,
  mayTrace: false,
}

function lag(
  primary: Partial<ProbeAnswer>,
  standby: Partial<ProbeAnswer>,
  earlier?: Partial<ProbeAnswer>,
): ReplicationLag {
  const hosts = [
    { host: 'a', port: 1 },
    { host: 'b', port: 1 },
  ]
  let view: ClusterView = initialView(hosts, 0)
  if (earlier !== undefined) view = applyProbe(view, 'a:1', { ...ANSWER, role: 'primary', ...earlier })
  view = applyProbe(view, 'a:1', { ...ANSWER, role: 'primary', ...primary })
  view = applyProbe(view, 'b:1', { ...ANSWER, ...standby })
  const node = findNode(view, 'b:1')
  if (node === undefined) throw new Error('The standby was expected')
  return replicationLag(view, node, 'a:1')
}

describe('replication lag', () => {
  test('an idle primary: all is replayed, however long ago', () => {
    const measured = lag({ writeLsn: '1/A0' }, { replayLsn: '1/A0', replayAgeMillis: 3_600_000 })
    expect(measured).toEqual({ bytes: 0, millis: 0, isOtherHistory: false, isCutOff: false })
  })

  test('a standby behind: bytes and milliseconds, and the limits on each', () => {
    const measured = lag({ writeLsn: '1/A0' }, { replayLsn: '0/FFFFFFFF', replayAgeMillis: 5000 })
    expect(measured).toEqual({ bytes: 161, millis: 5000, isOtherHistory: false, isCutOff: false })
    expect(isWithinLag(measured, { maxBytes: 160, maxMillis: Infinity })).toBe(false)
    expect(isWithinLag(measured, { maxBytes: 161, maxMillis: 5000 })).toBe(true)
    expect(isWithinLag(measured, { maxBytes: Infinity, maxMillis: 4999 })).toBe(false)
  })

  test('another timeline: positions are not compared, and any limit is exceeded', () => {
    const measured = lag({ writeLsn: '1/A0', timeline: 2 }, { replayLsn: '1/A0', timeline: 1 })
    expect(measured).toEqual({ bytes: null, millis: null, isOtherHistory: true, isCutOff: false })
    expect(isWithinLag(measured, { maxBytes: 1e12, maxMillis: Infinity })).toBe(false)
    expect(isWithinLag(measured, { maxBytes: Infinity, maxMillis: Infinity })).toBe(true)
  })

  test('without a primary nothing is measured, and reads go on', () => {
    const measured = lag({ writeLsn: null }, { replayLsn: '1/A0' })
    expect(measured).toEqual({ bytes: null, millis: null, isOtherHistory: false, isCutOff: false })
    expect(isWithinLag(measured, { maxBytes: 0, maxMillis: 0 })).toBe(true)
  })

  test('a cut receiver is beyond use once it lacks something, while there is a primary', () => {
    const behind = lag({ writeLsn: '1/A0' }, { replayLsn: '1/98', receiving: false })
    expect(behind).toMatchObject({ bytes: 8, isCutOff: true })
    expect(isWithinLag(behind, { maxBytes: Infinity, maxMillis: Infinity })).toBe(false)
    expect(lag({ writeLsn: '1/A0' }, { replayLsn: '1/A0', receiving: false }).isCutOff).toBe(false)
    expect(lag({ writeLsn: null }, { replayLsn: '1/98', receiving: false }).isCutOff).toBe(false)
  })

  test('behind a full page a standby that has replayed all is level', () => {
    expect(lag({ writeLsn: '0/3002018' }, { replayLsn: '0/3002000', replayAgeMillis: 9e9 })).toMatchObject({
      bytes: 0,
      millis: 0,
    })
  })

  test.each([
    ['level with the older look', 1000, '0/100', { bytes: 0, millis: 0 }],
    ['between the two', 1500, '0/100', { bytes: 128, millis: 500 }],
    ['halfway there', 1500, '0/180', { bytes: 0, millis: 0 }],
    ['at the newer look', 2000, '0/180', { bytes: 128, millis: 500 }],
    ['after the newer look, level with it', 2400, '0/200', { bytes: 0, millis: 0 }],
    ['further behind than both looks', 2000, '0/80', { bytes: 384, millis: 3_600_000 }],
  ])(
    'the primary wrote 0/100 at 1000 ms and 0/200 at 2000 ms; a standby %s',
    (_when, at, replayLsn, expected) => {
      const measured = lag(
        { writeLsn: '0/200', askedAtMillis: 2000 },
        { replayLsn, askedAtMillis: at, replayAgeMillis: 3_600_000 },
        { writeLsn: '0/100', askedAtMillis: 1000 },
      )
      expect(measured).toMatchObject(expected)
    },
  )
})
