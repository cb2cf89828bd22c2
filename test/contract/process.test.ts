// What a pool at rest means for the process it lives in.
import { expect, test } from 'vitest'
import { runProgram } from './program.ts'
import { contract } from './set-ups.ts'

contract('process', ({ setUp, whereKept }) => {
  const { engine, login } = setUp

  whereKept('allowExitOnIdle lets the process end while clients are idle', async () => {
    const options = { ...login(), allowExitOnIdle: true, idleTimeoutMillis: 60_000 }
    const { exitCode, output } = await runProgram({ engine, options, scenario: 'leaveIdle' })
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: ['done'] })
  })

  whereKept('without it the process ends when the last idle client is removed', async () => {
    const options = { ...login(), idleTimeoutMillis: 50 }
    const { exitCode, output } = await runProgram({ engine, options, scenario: 'leaveIdle' })
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: ['done', 'removed'] })
  })

  test('with idle clients that are removed at once the process ends by itself', async () => {
    const options = { ...login(), idleTimeoutMillis: 1 }
    const { exitCode, output } = await runProgram({ engine, options, scenario: 'leaveIdle' })
    expect({ exitCode, output: output.toSorted() }).toEqual({ exitCode: 0, output: ['done', 'removed'] })
  })
})
