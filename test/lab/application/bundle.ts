// Makes one plain JavaScript file of the application, so that eight of them start at once without a compiler each.
import { mkdir, mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'tsup'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))

/** Gives the file; its folder is the caller's to remove. */
export async function bundleApplication(): Promise<string> {
  // Below node_modules, so that the file finds its packages.
  const cache = path.join(ROOT, 'node_modules', '.cache')
  await mkdir(cache, { recursive: true })
  const outDir = await mkdtemp(path.join(cache, 'lab-application-'))
  const base = { format: ['esm' as const], target: 'node20' as const, silent: true, config: false as const }
  await build({ ...base, entry: { application: MAIN }, outDir, dts: false, clean: false, shims: true })
  return path.join(outDir, 'application.js')
}
