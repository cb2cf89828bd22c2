// An application in a process of its own: two writers and two readers that never stop for an error. Its parent says what it
// is (the first argument, JSON) and when to stop; then it hands over its record, with what has no outcome, and ends.
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, codeOf, haClient, plainClient } from './clients.ts'
import { type ApplicationOptions, type Message, now, type Operation, type Sign } from './record.ts'

const WORKERS = 2
const PAUSE_MILLIS = 40
/** A refusal at once must not make the loop run hot. */
const AFTER_ERROR_MILLIS = 50
const PROGRESS_MILLIS = 100
const LAST_ANSWERS_MILLIS = 1000

const options = JSON.parse(process.argv[2] ?? '{}') as ApplicationOptions
const signs: Sign[] = []
const client: Client = (options.client === 'pg-ha' ? haClient : plainClient)(options, (sign) =>
  signs.push(sign),
)
const operations: { -readonly [K in keyof Operation]: Operation[K] }[] = []
const messages: Record<string, string> = {}
const last = { write: 0, read: 0 }
let lastError: string | null = null
let isStopping = false

async function work(kind: Operation['kind'], worker: number): Promise<void> {
  for (let count = 0; !isStopping; count++) {
    const key = kind === 'write' ? `${worker}-${count}` : ''
    const operation: (typeof operations)[number] = {
      ...{ kind, key, startedAt: now(), endedAt: null, error: null, node: null },
    }
    operations.push(operation)
    try {
      operation.node = await (kind === 'write' ? client.write(key) : client.read())
      last[kind] = operation.startedAt
    } catch (error) {
      operation.error = codeOf(error)
      lastError = `${kind}: ${codeOf(error)}`
      messages[`${kind} ${codeOf(error)}`] = error instanceof Error ? error.message : String(error)
    }
    operation.endedAt = now()
    await pause(operation.error === null ? PAUSE_MILLIS : AFTER_ERROR_MILLIS)
  }
}

function tell(message: Message): void {
  process.send?.(message)
}

const loops = Array.from({ length: WORKERS }, (_, worker) => [
  work('write', worker),
  work('read', worker),
]).flat()
const progress = setInterval(
  () => tell({ type: 'progress', lastWriteStartedAt: last.write, lastReadStartedAt: last.read, lastError }),
  PROGRESS_MILLIS,
)

// When the parent has the record, or is no more.
process.once('disconnect', () => process.exit())
process.once('message', () => {
  isStopping = true
  void Promise.race([Promise.all(loops), pause(LAST_ANSWERS_MILLIS)]).then(() => {
    clearInterval(progress)
    tell({ type: 'record', record: { operations, messages, signs } })
  })
})
