// Reads the repository's own TypeScript files for the tidy tests.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { SourceText } from './fault.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Every file below `folder` whose name ends in `ending`, sorted by path. */
export function readSources({ folder, ending }: { folder: string; ending: string }): readonly SourceText[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/'))
    .map((absolute) => absolute.slice(ROOT.length))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }))
}
