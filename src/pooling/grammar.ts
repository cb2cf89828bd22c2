// PostgreSQL's grammar, loaded when it is first needed: 1.8 MB of WebAssembly that only the automatic splitting of reads
// and writes wants.
import { ConfigError } from '../errors.ts'
import type { ParseText } from '../routing/syntax-tree.ts'

let loading: Promise<ParseText> | null = null

/** Rejects with ConfigError where the package is missing. Loads once for the whole process. */
export function loadGrammar(): Promise<ParseText> {
  loading ??= load()
  return loading
}

async function load(): Promise<ParseText> {
  try {
    const { loadModule, parseSync } = await import('libpg-query')
    await loadModule()
    return parseSync
  } catch (cause) {
    loading = null
    const message =
      "readWriteSplitting 'auto' needs the package libpg-query, PostgreSQL's own grammar: npm install libpg-query@18"
    throw Object.assign(new ConfigError([{ option: 'readWriteSplitting', message }]), { cause })
  }
}
