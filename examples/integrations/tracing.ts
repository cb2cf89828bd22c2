// Sets OpenTelemetry up before anything loads pg, as an application's `--import ./tracing.ts` would.
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

export const exporter = new InMemorySpanExporter()

const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
tracerProvider.register()
registerInstrumentations({ tracerProvider, instrumentations: [new PgInstrumentation()] })
