// The account PostgreSQL runs under: it refuses root. Knows nothing of clusters.

import { readFileSync, statSync } from 'node:fs'
import { chown } from 'node:fs/promises'
import path from 'node:path'

/** Spread into spawn options: empty when we are not root and servers simply run as ourselves. */
export interface ServerAccount {
  readonly uid?: number
  readonly gid?: number
}

export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  return nobody()
}

export async function giveTo(account: ServerAccount, file: string): Promise<void> {
  if (account.uid !== undefined && account.gid !== undefined) await chown(file, account.uid, account.gid)
}

/** Whether the account can reach what lies in the folder: every folder above it must let others through. */
export function canReach(account: ServerAccount, folder: string): boolean {
  if (account.uid === undefined) return true
  for (let current = path.resolve(folder); ; current = path.dirname(current)) {
    const { mode, uid } = statSync(current)
    if ((mode & (uid === account.uid ? 0o100 : 0o001)) === 0) return false
    if (current === path.dirname(current)) return true
  }
}

function nobody(): ServerAccount {
  try {
    const line = readFileSync('/etc/passwd', 'utf8').match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m)
    // macOS writes nobody as -2.
    if (line) return { uid: Number(line[1]) >>> 0, gid: Number(line[2]) >>> 0 }
  } catch {
    // No such file: the number that most systems give to nobody will do.
  }
  return { uid: 65534, gid: 65534 }
}
