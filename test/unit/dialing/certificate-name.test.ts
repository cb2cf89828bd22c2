// Whether a certificate is made out to a host, by libpq's rules.
import { describe, expect, test } from 'vitest'
import { nameMismatch } from '../../../src/dialing/certificate-name.ts'

const dns = (...names: string[]): string => names.map((name) => `DNS:${name}`).join(', ')

describe('a certificate fits', () => {
  test.each([
    ['db.test', 'its alternative name', { subjectaltname: dns('db.test') }],
    ['DB.test', 'in any letter case', { subjectaltname: dns('db.TEST') }],
    ['db2.test', 'one of several', { subjectaltname: dns('db1.test', 'db2.test') }],
    ['db.test', 'a wildcard for the first label', { subjectaltname: dns('*.test') }],
    ['db.test', 'the common name where there is no alternative', { subject: { CN: 'db.test' } }],
    ['db.test', 'the first of several common names', { subject: { CN: ['db.test', 'x'] } }],
    [
      'db.test',
      'the common name beside addresses',
      { subject: { CN: 'db.test' }, subjectaltname: 'IP Address:10.0.0.1' },
    ],
    ['10.0.0.1', 'its address', { subjectaltname: 'IP Address:10.0.0.1' }],
    ['::1', 'its address in another spelling', { subjectaltname: 'IP Address:0:0:0:0:0:0:0:1' }],
    ['10.0.0.1', 'its address as a name', { subjectaltname: 'DNS:10.0.0.1' }],
    ['a, DNS:b', 'a quoted name', { subjectaltname: 'DNS:"a, DNS:b"' }],
  ])('%s: %s', (host, _, presented) => {
    expect(nameMismatch(host, presented)).toBeUndefined()
  })
})

describe('a certificate does not fit', () => {
  test.each([
    [
      'db.test',
      { subjectaltname: dns('x.test') },
      'server certificate for "x.test" does not match host name "db.test"',
    ],
    [
      'db.test',
      { subjectaltname: dns('x', 'y') },
      'server certificate for "x" (and 1 other name) does not match host name "db.test"',
    ],
    [
      'db.test',
      { subjectaltname: dns('x', 'y', 'z') },
      'server certificate for "x" (and 2 other names) does not match host name "db.test"',
    ],
    [
      'db.test',
      { subject: { CN: 'db.test' }, subjectaltname: dns('x') },
      'server certificate for "x" does not match host name "db.test"',
    ],
    [
      'a.b.test',
      { subjectaltname: dns('*.test') },
      'server certificate for "*.test" does not match host name "a.b.test"',
    ],
    [
      'db.test',
      { subjectaltname: dns('d*.test') },
      'server certificate for "d*.test" does not match host name "db.test"',
    ],
    [
      '10.0.0.1',
      { subjectaltname: dns('*.0.0.1') },
      'server certificate for "*.0.0.1" does not match host name "10.0.0.1"',
    ],
    [
      '10.0.0.1',
      { subjectaltname: 'IP Address:10.0.0.2' },
      'server certificate for "10.0.0.2" does not match host name "10.0.0.1"',
    ],
    [
      'db.test',
      { subject: { CN: 'db.test\0.evil' } },
      'server certificate for "db.test\0.evil" does not match host name "db.test"',
    ],
    [
      'db.test',
      { subjectaltname: 'DNS:"x, DNS:db.test"' },
      'server certificate for "x, DNS:db.test" does not match host name "db.test"',
    ],
    ['db.test', {}, "could not get server's host name from server certificate"],
  ])('%s: %j', (host, presented, words) => {
    expect(nameMismatch(host, presented)).toBe(words)
  })
})
