// Started as a process of its own: brings a PgBouncer up, says where it is, and waits to be killed.
import { startPooledCluster } from './pooled-cluster.ts'

const { bouncers } = await startPooledCluster({ nodes: 1, mode: 'session' })
process.stdout.write(`${JSON.stringify(bouncers[0]?.traces)}\n`)
setInterval(() => {}, 1000)
