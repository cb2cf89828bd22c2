// Which known name a mistyped one is taken for.
import { describe, expect, test } from 'vitest'
import { editDistance, nearestName } from '../../../src/config/nearest-name.ts'

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['abc', 'abcd', 1],
    ['abc', 'bc', 1],
    ['abc', 'axc', 1],
    ['abc', 'acb', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('%s to %s is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
    expect(editDistance(to, from)).toBe(distance)
  })
})

describe('nearestName', () => {
  const known = ['hosts', 'host', 'max', 'targetServerType', 'target_session_attrs']

  test.each([
    ['TARGETSERVERTYPE', 'targetServerType'],
    ['target_server_type', 'targetServerType'],
    ['targetSessionAttrs', 'target_session_attrs'],
    ['hsot', 'host'],
    ['hostss', 'hosts'],
    ['mac', 'max'],
  ])('%s is taken for %s', (given, nearest) => {
    expect(nearestName(given, known)).toBe(nearest)
  })

  test.each(['targetServer', 'posh', 'mxa2', '', 'x'.repeat(100_000)])('%.20s is near nothing', (given) => {
    expect(nearestName(given, known)).toBeUndefined()
  })
})
