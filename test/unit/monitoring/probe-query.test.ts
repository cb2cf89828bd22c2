// How the row of a look is read: as text, or as pg's type parsers made it.
import { describe, expect, test } from 'vitest'
import { BASIC_QUERY, FULL_QUERY, type ProbeRow, readAnswer } from '../../../src/monitoring/probe-query.ts'

const TIMES = { askedAtMillis: 100, answeredAtMillis: 103.5, processId: 4711 }
const PRIMARY: ProbeRow = {
  in_recovery: false,
  read_only: 'off',
  server_version: '180000',
  backend_pid: '4711',
  server_start_millis: '1700000000123.5',
  system_identifier: '7543210987654321098',
  wal_file: '0000001A0000000000000003',
  write_lsn: '0/3000148',
  receive_lsn: null,
  replay_lsn: null,
  replay_age_millis: null,
  followers: '2',
  receivers: '0',
  received_tli: null,
  sender_host: null,
  sender_port: null,
  serving_millis: '1.25',
  sync_names: '',
  sync_commit: 'on',
  sync_followers: '0',
  sync_visible: '2',
  may_trace: true,
  own_host: '10.0.0.1',
  own_port: 5432,
}
const STANDBY: ProbeRow = {
  ...PRIMARY,
  in_recovery: true,
  wal_file: null,
  write_lsn: null,
  receive_lsn: '0/3000148',
  replay_lsn: '0/3000100',
  replay_age_millis: '12.25',
  followers: '0',
  receivers: '1',
  received_tli: 26,
  sender_host: 'db1',
  sender_port: 5432,
}

describe('an answer', () => {
  test('of a primary', () => {
    expect(readAnswer(PRIMARY, TIMES)).toEqual({
      kind: 'answer',
      askedAtMillis: 100,
      roundTripMillis: 3.5,
      servingMillis: 1.25,
      isPooled: false,
      role: 'primary',
      readOnly: false,
      serverVersion: 180_000,
      serverStartMillis: 1_700_000_000_123.5,
      systemIdentifier: '7543210987654321098',
      timeline: 26,
      writeLsn: '0/3000148',
      receiveLsn: null,
      replayLsn: null,
      replayAgeMillis: null,
      followers: 2,
      receiving: null,
      upstream: null,
      ownAddress: { host: '10.0.0.1', port: 5432 },
      canCommit: true,
      mayTrace: true,
    })
  })

  test('through a pooler, which numbers its sessions itself', () => {
    const isPooled = (row: ProbeRow, processId: number | null) =>
      readAnswer(row, { ...TIMES, processId })?.isPooled
    expect(isPooled(PRIMARY, -1_683_300_909)).toBe(true)
    expect(isPooled(PRIMARY, 4711)).toBe(false)
    expect([isPooled(PRIMARY, null), isPooled({ ...PRIMARY, backend_pid: undefined }, 4711)]).toEqual([
      null,
      null,
    ])
  })

  test.each([
    ['', 'on', 0, 0, 0, true],
    ['*', 'off', 0, 0, 0, true],
    ['*', 'local', 0, 0, 0, true],
    ['*', 'on', 0, 0, 0, false],
    ['*', 'on', 1, 1, 1, true],
    ['*', 'on', 1, 0, 0, null],
    ['*', 'on', 2, 1, 1, null],
    ['*', 'on', 1, 0, 1, false],
    ['ANY 2 (*)', 'on', 1, 1, 1, false],
    ['ANY 2 (*)', 'on', 2, 2, 2, true],
    [' first 2 (a, b)', 'remote_apply', 2, 1, 2, false],
    ['2 (a, b)', 'on', 1, 1, 1, false],
    ['"ANY 2 (x"', 'on', 1, 1, 1, true],
    ['*', 'on', null, 0, 0, null],
    [null, 'on', 1, 1, 1, null],
  ] as const)(
    'synchronous_standby_names %j, commits %s, %s followers of which %s count and %s show it: %s',
    (names, commit, followers, counting, visible, expected) => {
      const row = {
        ...PRIMARY,
        ...{ sync_names: names, sync_commit: commit, followers },
        ...{ sync_followers: counting, sync_visible: visible },
      }
      expect(readAnswer(row, TIMES)?.canCommit).toBe(expected)
    },
  )

  test('of a standby', () => {
    expect(readAnswer(STANDBY, TIMES)).toMatchObject({
      role: 'standby',
      timeline: 26,
      writeLsn: null,
      receiveLsn: '0/3000148',
      replayLsn: '0/3000100',
      replayAgeMillis: 12.25,
      receiving: true,
      upstream: { host: 'db1', port: 5432 },
    })
  })

  test('of a role that may not see all, and of the basic question', () => {
    const hidden = { ...STANDBY, received_tli: null, sender_host: null, receivers: '0', followers: null }
    expect(readAnswer(hidden, TIMES)).toMatchObject({
      timeline: null,
      upstream: null,
      receiving: false,
      followers: null,
    })
    expect(readAnswer({ in_recovery: true, read_only: 'on' }, TIMES)).toMatchObject({
      role: 'standby',
      readOnly: true,
      serverVersion: null,
      systemIdentifier: null,
      receiving: null,
    })
  })

  test('in whatever form the booleans and numbers come', () => {
    for (const yes of [true, 't']) {
      expect(readAnswer({ in_recovery: yes }, TIMES)?.role).toBe('standby')
    }
    for (const no of [false, 'f']) expect(readAnswer({ in_recovery: no }, TIMES)?.role).toBe('primary')
    expect(readAnswer({ ...PRIMARY, followers: 2, server_version: 180_000 }, TIMES)).toMatchObject({
      followers: 2,
      serverVersion: 180_000,
    })
  })

  test('that does not say whether the server is in recovery is none', () => {
    for (const odd of [{}, { in_recovery: null }, { in_recovery: 'maybe' }, { in_recovery: 1 }]) {
      expect(readAnswer(odd, TIMES)).toBeNull()
    }
  })

  test('a timeline is the first eight digits of a whole WAL file name, never read in recovery', () => {
    const timelineOf = (wal_file: unknown) => readAnswer({ ...PRIMARY, wal_file }, TIMES)?.timeline
    expect(timelineOf('FFFFFFFF0000000000000003')).toBe(0xffffffff)
    expect(timelineOf('000000020000000000000003.partial')).toBeNull()
    expect(timelineOf('00000002')).toBeNull()
    expect(timelineOf(null)).toBeNull()
    const contradicting = { ...STANDBY, received_tli: null, wal_file: PRIMARY.wal_file }
    expect(readAnswer(contradicting, TIMES)?.timeline).toBeNull()
  })

  test('what is no number is not known, nor half an upstream', () => {
    const odd = {
      ...STANDBY,
      replay_age_millis: 'NaN',
      followers: '',
      server_version: 'x',
      sender_port: null,
    }
    expect(readAnswer(odd, TIMES)).toMatchObject({
      replayAgeMillis: null,
      followers: null,
      serverVersion: null,
      upstream: null,
    })
  })
})

describe('the questions', () => {
  test('name every function and view with its schema: a search_path must not lead them astray', () => {
    for (const query of [FULL_QUERY, BASIC_QUERY]) {
      const bare = query
        .match(/(?<![.\w])pg_\w+/g)
        ?.filter((name) => !/^pg_(catalog|basebackup|receivewal)$/.test(name))
      expect(bare).toEqual([])
    }
  })

  test('never ask the control file for the timeline', () => {
    expect(FULL_QUERY).not.toContain('pg_control_checkpoint')
  })
})
