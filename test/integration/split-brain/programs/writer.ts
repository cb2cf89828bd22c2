// One client process: writes unique keys from several loops as fast as it may, and keeps books on each. Told `stop`, it hands
// its books to its parent.
import { ConnectionLostError, Pool } from '../../../../src/index.ts'

/** Times are of the machine's clock (Date.now), which all processes share. */
export interface WriterBooks {
  /** Key -> when it was sent, when it was answered, and how: `ok`, or the code of its error. */
  readonly rows: readonly (readonly [key: string, sent: number, answered: number, outcome: string])[]
  /** Each primary it has named, from when on. */
  readonly primaries: readonly (readonly [node: string | null, from: number])[]
  readonly fenced: number
  readonly refused: number
}

const LOOPS = 3
const [name = '', connectionString = '', options = '{}'] = process.argv.slice(2)

const pool = new Pool({ connectionString, ...(JSON.parse(options) as object) })
const rows: [string, number, number, string][] = []
const primaries: [string | null, number][] = []
let stopped = false

pool.on('error', () => {})
pool.on('splitBrain', () => {})
pool.on('primaryChange', ({ current }) => {
  primaries.push([current, Date.now()])
  process.send?.({ named: current })
})

async function write(loop: number): Promise<void> {
  for (let i = 0; !stopped; i++) {
    const key = `${name}-${loop}-${i}`
    const sent = Date.now()
    let outcome = 'ok'
    try {
      await pool.query('insert into rows values ($1)', [key])
    } catch (error) {
      outcome = String((error as { code?: unknown }).code ?? error)
      if (!(error instanceof ConnectionLostError)) await pause()
    }
    rows.push([key, sent, Date.now(), outcome])
  }
}

/** What is refused at once would be asked for again at once. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
}

async function handOver(loops: Promise<unknown>): Promise<void> {
  stopped = true
  await loops
  const { connectionsFenced, writesRefused } = pool.counters
  const books: WriterBooks = { rows, primaries, fenced: connectionsFenced, refused: writesRefused }
  await pool.end()
  process.send?.(books, () => process.disconnect())
}

const working = Promise.all(Array.from({ length: LOOPS }, (_, loop) => write(loop)))
process.on('message', (word) => {
  if (word === 'stop') void handOver(working)
})
await pool.query('select 1')
process.send?.('ready')
