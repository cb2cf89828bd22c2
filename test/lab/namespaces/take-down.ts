// Ends everything that runs in a lab's namespaces, and removes them, with what was kept on disk.
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { attempt } from '../command.ts'
import { killAllInside, postmasterOf } from './daemons.ts'
import type { Layout, NamespaceHost } from './layout.ts'
import { everyHost, removeNetwork } from './network.ts'

/** Nothing may be starting there any more. */
export async function takeDown(layout: Layout): Promise<void> {
  const servers = await Promise.all(layout.hosts.map(postmasterOf))
  const segments = await Promise.all(layout.hosts.map(sharedMemoryOf))
  for (const host of everyHost(layout)) await killAllInside(host)
  for (const [index, segment] of segments.entries())
    if (segment !== undefined && servers[index] !== undefined) await attempt(['ipcrm', '-m', segment])
  await removeNetwork(layout)
  await rm(layout.folder, { recursive: true, force: true })
}

/** The id of the shared memory that a killed server would leave behind. */
async function sharedMemoryOf(host: NamespaceHost): Promise<string | undefined> {
  const lock = await readFile(path.join(host.data, 'postmaster.pid'), 'utf8').catch(() => '')
  return lock.split('\n')[6]?.trim().split(/\s+/)[1]
}
