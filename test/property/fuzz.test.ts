// A small share of `npm run fuzz`, and proof that what it looks for would be found.
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { checkInput } from '../fuzz/check-input.ts'
import { type FuzzInput, FuzzInputs, SECRET_HEAD } from '../fuzz/inputs.ts'
import { seededRandom } from '../support/seeded-random.ts'

describe('the parsers', () => {
  test('read or refuse any text, and show no password', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const source = new FuzzInputs(seededRandom(seed))
    const inputs = Array.from({ length: 5000 }, () => source.next())
    const outcomes = inputs.map((input) => checkInput(input))
    expect(
      outcomes.map(({ fault }) => fault).filter((fault) => fault !== undefined),
      `seed ${seed}`,
    ).toEqual([])
    // Neither all nonsense nor all sound.
    for (const isRefused of [true, false]) {
      expect(outcomes.filter((outcome) => outcome.isRefused === isRefused).length).toBeGreaterThan(500)
    }
  })
})

describe('a parser is found out', () => {
  const input: FuzzInput = { kind: 'host', text: `postgres://app:${SECRET_HEAD}@h`, isSecret: true }
  const fault = (parser: (text: string) => string): string | undefined =>
    checkInput(input, { host: { parser } }).fault

  test('when it throws anything but a ConfigError', () => {
    expect(
      fault(() => {
        throw new TypeError('undefined is no function')
      }),
    ).toMatch('parser crashed: TypeError')
  })

  test('when what it shows, or its error, holds a piece of a password', () => {
    expect(fault((text) => text)).toMatch('shows a piece of the password')
    expect(
      fault((text) => {
        throw new ConfigError([{ option: 'host', message: `host: ${text}` }])
      }),
    ).toMatch('shows a piece of the password')
  })

  test('and not when it does neither', () => {
    expect(fault(() => 'a host')).toBeUndefined()
  })
})
