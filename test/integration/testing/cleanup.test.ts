import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test, vi } from 'vitest'
import { isGone } from '../../../src/testing/process-tree.ts'

vi.setConfig({ testTimeout: 60_000 })

interface Traces {
  readonly pids: number[]
  readonly folder: string
}

async function runStarter(...args: string[]): Promise<{ starter: ChildProcess; traces: Traces }> {
  const script = path.join(import.meta.dirname, 'cluster-starter.ts')
  const starter = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (!starter.stdout) throw new Error('No output to read')
  for await (const line of createInterface(starter.stdout)) return { starter, traces: JSON.parse(line) }
  throw new Error('The starter ended without a word')
}

function expectNothingLeft({ pids, folder }: Traces): Promise<void> {
  return vi.waitFor(
    () => {
      expect(pids.filter((pid) => !isGone(pid))).toEqual([])
      expect(existsSync(folder)).toBe(false)
    },
    { timeout: 15_000 },
  )
}

describe('servers and files go with the process that started them', () => {
  test('when it is killed', async () => {
    const { starter, traces } = await runStarter('stay')
    const gone = traces.pids.filter(isGone)
    const folderExists = existsSync(traces.folder)
    // First of all: a failed expectation must not leave it running.
    starter.kill('SIGKILL')
    expect({ gone, folderExists }).toEqual({ gone: [], folderExists: true })
    expect(traces.pids.length).toBeGreaterThan(4)
    await expectNothingLeft(traces)
  })

  test('when it comes to its end without stopping the cluster, which does not hold it', async () => {
    const { starter, traces } = await runStarter()
    await vi.waitFor(() => expect(starter.exitCode).toBe(0), { timeout: 10_000 })
    await expectNothingLeft(traces)
  })
})
