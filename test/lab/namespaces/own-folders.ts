// Folders and files on a lab's hosts that belong to the account of the databases.
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { command } from '../command.ts'
import type { Layout } from './layout.ts'
import { everyHost } from './network.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
}

export async function postgresAccount(): Promise<Account> {
  const id = async (flag: string): Promise<number> => Number(await command(['id', flag, 'postgres']))
  return { uid: await id('-u'), gid: await id('-g') }
}

/** The same folders on every host. */
export async function makeFolders(layout: Layout, { uid, gid }: Account): Promise<void> {
  await mkdir(layout.folder, { recursive: true, mode: 0o755 })
  for (const host of everyHost(layout)) {
    for (const folder of ['', 'log', 'pids', 'socket', 'etcd']) {
      await mkdir(path.join(host.folder, folder), { recursive: true })
      await chown(path.join(host.folder, folder), uid, gid)
    }
    await chmod(path.join(host.folder, 'etcd'), 0o700)
  }
}

export async function give(
  file: string,
  { text, account, mode = 0o644 }: { text: string; account: Account; mode?: number },
): Promise<void> {
  await writeFile(file, text, { mode })
  await chown(file, account.uid, account.gid)
}
