// OpenTelemetry: its instrumentation of pg traces a Pool's statements, each below the request it was sent for, with the node
// that served it; also where the request waited for a primary. What the Pool asks on its own account is in no request's trace.
//   node --import tsx opentelemetry.ts

// First, or pg would be loaded before anything can trace it.
import './tracing.ts'
import { trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'
import { exporter } from './tracing.ts'

const INSERT = 'insert into notes values ($1, $2) on conflict do nothing'
const tracer = trace.getTracer('application')

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  await pool.query('create table notes (id int primary key, text text)')

  async function insert(id: number): Promise<void> {
    const values = [id, 'OpenTelemetry']
    const client = await pool.connect()
    let lost: Error | undefined
    try {
      await client.query(INSERT, values)
    } catch (error) {
      lost = error as Error
    }
    client.release(lost)
    // This one waits until there is a primary again.
    if (lost !== undefined) await pool.query(INSERT, values)
  }

  return {
    write: (id) => tracer.startActiveSpan(`note ${id}`, (span) => insert(id).finally(() => span.end())),
    /** The notes whose insert has a span below that of its request. */
    async kept() {
      const { rows } = await pool.query<{ id: number }>('select id from notes')
      const traced = tracedNotes(exporter.getFinishedSpans())
      return rows.map(({ id }) => id).filter((id) => traced.has(id))
    },
    end: () => pool.end(),
  }
})

function tracedNotes(spans: readonly ReadableSpan[]): ReadonlySet<number> {
  const ofRequests = new Map(
    spans.map((span) => [span.spanContext().spanId, /^note (\d+)$/.exec(span.name)?.[1]]),
  )
  const requestOf = ({ parentSpanContext }: ReadableSpan) => ofRequests.get(parentSpanContext?.spanId ?? '')
  const inserts = spans.filter(({ name }) => name.startsWith('pg.query:INSERT'))
  const served = inserts.filter(({ status }) => status.message === undefined)
  const ports = new Set(
    served.map(({ attributes }) => attributes['net.peer.port'] ?? attributes['server.port']),
  )
  if (ports.size !== 2)
    throw new Error(`Inserts were traced to the ports ${[...ports]}, not to two primaries`)
  const orphans = inserts.filter((span) => requestOf(span) === undefined)
  if (orphans.length > 0) throw new Error(`${orphans.length} inserts are in no request's trace`)
  const foreign = spans.filter((span) => isProbe(span) && span.parentSpanContext !== undefined)
  if (foreign.length > 0) throw new Error(`${foreign.length} looks of the monitor are in a request's trace`)
  return new Set(served.map((span) => Number(requestOf(span))))
}

function isProbe({ attributes }: ReadableSpan): boolean {
  return /pg_is_in_recovery/.test(String(attributes['db.query.text'] ?? attributes['db.statement']))
}
