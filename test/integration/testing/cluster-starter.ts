// Started as a process of its own: brings a cluster up, says where it is, and waits to be killed.

import path from 'node:path'
import { startCluster } from '../../../src/testing/index.ts'

const cluster = await startCluster({ nodes: 2 })
const { rows } = await cluster.primary.query<{ pid: number }>(
  'select pid from pg_stat_activity where pid <> pg_backend_pid()',
)
await cluster.standbys[0]?.pause()
const pids = [...cluster.nodes.map((node) => node.pid), ...rows.map(({ pid }) => pid)]
const folder = path.dirname(path.dirname(cluster.primary.data))
process.stdout.write(`${JSON.stringify({ pids, folder })}\n`)
if (process.argv[2] === 'stay') setInterval(() => {}, 1000)
