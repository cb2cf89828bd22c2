// graphile-worker: `pgPool` takes a Pool. A worker that cannot tell what became of its job ends, and graphile-worker starts
// no other in its place: whoever runs one starts it again, and sets free what it held.
//   node --import tsx graphile-worker.ts
import { EventEmitter } from 'node:events'
import { Logger, makeWorkerUtils, type Runner, run, type WorkerEvents } from 'graphile-worker'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'

await throughFailover(async (connectionString) => {
  const pgPool = new Pool({ connectionString })
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool, logger })
  await utils.migrate()
  const workedOff = new Set<number>()
  const taskList = {
    note: async (payload: unknown) => {
      workedOff.add((payload as { id: number }).id)
    },
  }
  const events: WorkerEvents = new EventEmitter()
  let runner = await start()
  // What is done beside the writes, one thing after the other; what went wrong in it is told at the end.
  let upkeep = Promise.resolve()
  let failure: unknown

  function start(): Promise<Runner> {
    return run({ pgPool, logger, events, taskList, concurrency: 4, noHandleSignals: true })
  }
  // Else its job would stay locked for four hours: the answer that it was fetched, or done, is lost. This too runs in the
  // middle of the failover, in a transaction of graphile-worker's own, which the pool cannot repeat.
  async function setFree(worker: { workerId: string }): Promise<void> {
    for (let triesLeft = 10; ; triesLeft -= 1) {
      try {
        return await utils.forceUnlockWorkers([worker.workerId])
      } catch (error) {
        if (triesLeft === 0) throw error
      }
    }
  }
  function keepUp(work: () => Promise<void>): void {
    upkeep = upkeep.then(work).catch((error: unknown) => {
      failure ??= error
    })
  }
  events.on('worker:getJob:error', ({ worker }) => keepUp(() => setFree(worker)))
  events.on('worker:fatalError', ({ worker }) => {
    keepUp(async () => {
      await setFree(worker)
      // It may have stopped by itself, and says so.
      await runner.stop().catch(() => {})
      runner = await start()
    })
  })

  return {
    write: (id) => utils.addJob('note', { id }),
    kept: async () => [...workedOff],
    async end() {
      await upkeep
      await runner.stop().catch(() => {})
      // Whatever its stop has caused.
      await upkeep
      await utils.release()
      await pgPool.end()
      if (failure !== undefined) throw failure
    },
  }
})
