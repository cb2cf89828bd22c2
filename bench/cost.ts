// What choosing a node and classifying a text cost, measured in a process of its own.
import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import type { Costs } from './cost-program.ts'

const run = promisify(execFile)

/** Built first, as the package is: what a loader adds to each function would be measured too. */
export async function measureCost(): Promise<Costs> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  // Within the project, where it finds what it imports.
  const outDir = `${root}node_modules/.cache/pg-ha-bench`
  try {
    await build({
      entry: { 'cost-program': `${root}bench/cost-program.ts` },
      ...{ outDir, format: 'esm', target: 'node20', config: false, silent: true, keepNames: false },
      outExtension: () => ({ js: '.mjs' }),
    })
    const { stdout } = await run(process.execPath, ['--expose-gc', `${outDir}/cost-program.mjs`])
    return JSON.parse(stdout) as Costs
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
}
