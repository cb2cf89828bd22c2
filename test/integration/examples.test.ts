// The examples do what they say, each in a process of its own, against a real cluster.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../../src/testing/index.ts'
import { runNode } from '../support/run-node.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ nodes: 3 })
})
afterAll(() => cluster.stop())

async function linesOf(file: string): Promise<readonly string[]> {
  const { code, stdout, stderr } = await runNode(file, { env: { DATABASE_URL: cluster.url } })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.trimEnd().split('\n')
}

function primaryName(): string {
  return `${cluster.primary.host}:${cluster.primary.port}`
}

test('minimal: finds the primary of the given URL', async () => {
  expect(await linesOf('examples/minimal.ts')).toEqual([
    expect.stringContaining(`The primary is ${primaryName()}, PostgreSQL ${cluster.version}`),
  ])
})

test('minimal: starts a cluster of its own where no URL is given', async () => {
  const { code, stdout } = await runNode('examples/minimal.ts', { env: { DATABASE_URL: '' } })
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('The primary is 127.0.0.1:') })
})

test('read-write: writes to the primary, reads from a standby, and cannot write through pool.read', async () => {
  expect(await linesOf('examples/read-write.ts')).toEqual([
    'Written to a primary, read from a standby',
    'A write through pool.read is refused: 25006',
  ])
})

test('events: tells of every node and of the primary', async () => {
  const lines = await linesOf('examples/events.ts')
  expect(lines).toContainEqual(expect.stringContaining(`Primary: ${primaryName()}`))
  expect(lines.filter((line) => line.includes(' is standby'))).toHaveLength(2)
  expect(lines).toContainEqual(`${primaryName()} is primary`)
})

describe('shutdown', () => {
  async function stopAtWork(args: readonly string[]): Promise<readonly string[]> {
    const { code, stdout, stderr } = await runNode('examples/shutdown.ts', {
      args,
      env: { DATABASE_URL: cluster.url },
      watch: (text, interrupt) => {
        if (text.includes('written 20')) interrupt('SIGTERM')
      },
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout.trimEnd().split('\n')
  }

  async function rows(): Promise<number> {
    const { rows } = await cluster.primary.query<{ n: number }>('select count(*)::int as n from jobs')
    return rows[0]?.n ?? -1
  }

  test('finishes what is under way when it is told to stop, and exits by itself', async () => {
    const lines = await stopAtWork([])
    expect(lines.at(-1)).toBe(`stopped after ${await rows()} jobs, 0 cut off`)
  })

  test('does not wait longer than it may for a job that does not end', async () => {
    const lines = await stopAtWork(['--stuck'])
    expect(lines.at(-1)).toBe(`stopped after ${await rows()} jobs, 1 cut off`)
  })
})
