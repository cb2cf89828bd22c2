// OpenTelemetry: its instrumentation of pg traces a Pool's statements, each with the node that served it.
//   node --import tsx opentelemetry.ts
import './tracing.ts'
import { trace } from '@opentelemetry/api'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'
import { exporter } from './tracing.ts'

const tracer = trace.getTracer('application')

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  await pool.query('create table notes (id int primary key, text text)')

  return {
    write: (id) =>
      tracer.startActiveSpan(`note ${id}`, async (span) => {
        try {
          return await pool.query('insert into notes values ($1, $2)', [id, 'OpenTelemetry'])
        } finally {
          span.end()
        }
      }),
    /** The notes whose insert has a span below that of its request, with the address of a server. */
    async kept() {
      const spans = exporter.getFinishedSpans()
      const inserts = spans.filter(({ name }) => name.startsWith('pg.query:INSERT'))
      const ports = new Set(inserts.map(({ attributes }) => attributes['server.port']))
      console.log(`Inserts were traced to the ports ${[...ports].join(' and ')}`)
      const parents = new Set(inserts.map(({ parentSpanContext }) => parentSpanContext?.spanId))
      const traced = spans.filter(
        (span) => span.name.startsWith('note ') && parents.has(span.spanContext().spanId),
      )
      const ids = new Set(traced.map(({ name }) => Number(name.slice('note '.length))))
      const { rows } = await pool.query<{ id: number }>('select id from notes')
      return rows.map(({ id }) => id).filter((id) => ids.has(id))
    },
    end: () => pool.end(),
  }
})
