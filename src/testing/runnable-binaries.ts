// Makes found binaries runnable: completes their library links, and copies them when the server's account cannot
// read them where they are. Knows nothing of packages or clusters.

import { constants, existsSync, readFileSync } from 'node:fs'
import { access, cp, symlink } from 'node:fs/promises'
import path from 'node:path'
import type { Binaries } from './binaries.ts'
import type { ServerAccount } from './server-account.ts'
import { canReach } from './server-account.ts'

export interface RunnableBinaries {
  readonly major: number
  readonly initdb: string
  readonly postgres: string
}

/** `spareFolder` receives a copy where one is needed. */
export async function makeRunnable(
  binaries: Binaries,
  account: ServerAccount,
  spareFolder: string,
): Promise<RunnableBinaries> {
  let folder = binaries.nativeFolder
  if (await needsCopy(binaries, account)) {
    folder = path.join(spareFolder, 'native')
    await cp(binaries.nativeFolder, folder, { recursive: true, verbatimSymlinks: true })
  }
  await Promise.all(
    missingLinks(folder).map(({ source, target }) =>
      // Another process may be making the same links: the one that comes second finds it done.
      symlink(path.relative(path.dirname(target), source), target).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      }),
    ),
  )
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    major: binaries.major,
    initdb: path.join(folder, 'bin', `initdb${suffix}`),
    postgres: path.join(folder, 'bin', `postgres${suffix}`),
  }
}

/** Whether they cannot be run where they are. */
export async function needsCopy({ nativeFolder }: Binaries, account: ServerAccount): Promise<boolean> {
  if (!canReach(account, path.join(nativeFolder, 'bin'))) return true
  return missingLinks(nativeFolder).length > 0 && !(await isWritable(nativeFolder))
}

/** npm packages cannot hold links, so the package lists them for an install script that npm may not have run. */
function missingLinks(nativeFolder: string): { source: string; target: string }[] {
  const list = path.join(nativeFolder, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  // Its paths start at the package, one level above.
  const absolute = (file: string) => path.join(nativeFolder, path.relative('native', file))
  return links
    .map(({ source, target }) => ({ source: absolute(source), target: absolute(target) }))
    .filter(({ target }) => !existsSync(target))
}

async function isWritable(folder: string): Promise<boolean> {
  return access(path.join(folder, 'lib'), constants.W_OK).then(
    () => true,
    () => false,
  )
}
