import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test, vi } from 'vitest'
import { isGone } from '../../src/testing/process-tree.ts'

test('a PgBouncer and its files go with the process that started them', async () => {
  const script = path.join(import.meta.dirname, 'bouncer-starter.ts')
  const starter = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface(starter.stdout), 'line')) as [string]
  const { pid, folder } = JSON.parse(line) as { pid: number; folder: string }
  const wasThere = !isGone(pid) && existsSync(folder)
  starter.kill('SIGKILL')
  expect(wasThere).toBe(true)
  await vi.waitFor(() => expect({ isGone: isGone(pid), isThere: existsSync(folder) }).toEqual(GONE), {
    timeout: 15_000,
  })
})

const GONE = { isGone: true, isThere: false }
