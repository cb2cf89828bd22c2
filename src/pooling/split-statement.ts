// Runs one statement of a pool that splits reads from writes: where it belongs, and on the primary after all where a
// standby could not.
import type { RouteRequest } from '../routing/request.ts'
import type { Dispatcher } from './dispatcher.ts'
import { isSubmittable, type QueryInput, routeOption, type Splitter } from './splitter.ts'
import { runStatement, type Statement } from './statement.ts'
import type { OutcomeKeeper } from './statement-batch.ts'

interface Split {
  readonly splitter: Splitter
  readonly requests: Readonly<Record<'standby' | 'primary', RouteRequest>>
  readonly keeper: OutcomeKeeper | null
}

export function runSplitStatement(
  dispatcher: Dispatcher,
  statement: Statement,
  { splitter, requests, keeper }: Split,
): void {
  const { text, callback } = statement
  routeOption(text as QueryInput)
  splitter.whenReady((error) => {
    if (error === undefined) run(dispatcher, statement, { splitter, requests, keeper })
    else callback(error)
  })
}

function run(dispatcher: Dispatcher, statement: Statement, { splitter, requests, keeper }: Split): void {
  const { text, values, callback, signal } = statement
  const onPrimary = (): void =>
    runStatement(dispatcher, statement, { request: requests.primary, monitored: true, keeper })
  if (splitter.route(text as QueryInput).to === 'primary') {
    onPrimary()
    return
  }
  const read: Statement = {
    text,
    values,
    signal,
    callback: (error, result) => {
      const movesOn = error !== undefined && splitter.refused(text as QueryInput, error) !== 'no'
      if (movesOn && !isSubmittable(text)) onPrimary()
      else callback(error, result)
    },
  }
  runStatement(dispatcher, read, { request: requests.standby, monitored: true, keeper: null })
}
