// Runs the table of login-pace.
import { expect } from 'vitest'
import {
  afterLogin,
  afterRefusal,
  FIRST_PACE,
  type LoginPace,
  turnOf,
} from '../../src/failover/login-pace.ts'
import { specTable } from '../support/spec-table.ts'

interface Row {
  readonly name: string
  readonly after?: readonly string[]
  readonly max?: number
  readonly made?: number
  readonly free?: number
  readonly loggingIn?: number
  readonly callers?: number
  readonly now?: number
  readonly turn: string
}

const KEYS = { required: ['turn'], optional: ['after', 'max', 'made', 'free', 'loggingIn', 'callers', 'now'] }

specTable<Row>(new URL('./failover/login-pace.yaml', import.meta.url), KEYS, (row) => {
  const { after = [], max = 10, made = 0, free = 0, loggingIn = 0, callers = 100, now = 0 } = row
  expect(turnOf(after.reduce(next, FIRST_PACE), { max, made, free, loggingIn, callers }, now)).toBe(row.turn)
})

function next(pace: LoginPace, event: string): LoginPace {
  if (event === 'made') return afterLogin(pace)
  const [, millis] = /^refused at (\d+)$/.exec(event) ?? []
  if (millis === undefined) throw new Error(`'${event}' is no event`)
  return afterRefusal(pace, { nowMillis: Number(millis), random: 1 })
}
