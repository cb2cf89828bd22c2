// Tells the process's own warnings what a configuration cannot do: each sentence once, however many pools say it.

const told = new Set<string>()

/** Code `PGHA_NOTICE`; `process.on('warning')` hears it, `--no-warnings` silences it. */
export function warnOnce(text: string): void {
  if (told.has(text)) return
  told.add(text)
  process.emitWarning(text, { type: 'PgHaWarning', code: 'PGHA_NOTICE' })
}
