// Chooses and makes the folder a cluster lives in. Knows nothing of what goes into it.

import { statfsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { ServerAccount } from './server-account.ts'
import { canReach, giveTo } from './server-account.ts'

const memoryFolder = '/dev/shm'
const roomyBytes = 4 * 2 ** 30

/**
 * A new folder of the account's own: in memory where the system has plenty, which halves the time to start, else in
 * the temporary folder. TMPDIR, when set, decides; so does a need to run programs from it, which memory may forbid.
 */
export async function makeClusterFolder(
  account: ServerAccount,
  needs: { programs: boolean },
): Promise<string> {
  const parent = !needs.programs && !process.env.TMPDIR && isMemoryRoomy() ? memoryFolder : os.tmpdir()
  if (!canReach(account, parent)) {
    throw new Error(
      `PostgreSQL refuses to run as root, and nobody cannot reach ${parent}; set TMPDIR elsewhere`,
    )
  }
  const folder = await mkdtemp(path.join(parent, 'pg-ha-'))
  await giveTo(account, folder)
  return folder
}

function isMemoryRoomy(): boolean {
  if (process.platform !== 'linux' || os.freemem() < roomyBytes) return false
  try {
    const { bavail, bsize } = statfsSync(memoryFolder)
    return bavail * bsize >= roomyBytes
  } catch {
    return false
  }
}
