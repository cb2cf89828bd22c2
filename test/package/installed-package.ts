// Builds, packs and installs the package into a folder of its own, as an application would have it. No network:
// its dependencies are links to this repository's.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url))
const LINKED = [
  'pg',
  'pg-pool',
  'debug',
  'generic-pool',
  'knex',
  'drizzle-orm',
  'libpg-query',
  '@types/pg',
  '@types/node',
  '@types/debug',
]
const COMMAND_TIMEOUT_MILLIS = 170_000

export interface PackedFile {
  readonly path: string
  readonly size: number
}

export interface InstalledPackage {
  /** The application's folder: the fixtures, and node_modules with the package in it. */
  readonly folder: string
  readonly tarball: string
  readonly tarballBytes: number
  readonly files: readonly PackedFile[]
  remove(): Promise<void>
}

export async function installPackage(): Promise<InstalledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'pg-ha-package-'))
  try {
    return await installInto(folder)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function installInto(folder: string): Promise<InstalledPackage> {
  await run('tsup', [], ROOT)
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], ROOT)
  const [report] = JSON.parse(packed) as { filename: string; size: number; files: PackedFile[] }[]
  if (report === undefined) throw new Error('npm pack reported no tarball')
  const tarball = join(folder, report.filename)

  const installed = join(folder, 'node_modules', 'pg-ha')
  await mkdir(join(folder, 'node_modules', '@types'), { recursive: true })
  await mkdir(installed)
  await run('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], folder)
  for (const name of LINKED)
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'junction')
  await cp(FIXTURES, folder, { recursive: true })
  return {
    folder,
    tarball,
    tarballBytes: report.size,
    files: report.files,
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Runs a program, or a command of this repository's packages, and gives its output. Rejects with all it printed. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`
  const env = { ...process.env, PATH: path, NODE_ENV: '', VITEST: '' }
  try {
    const ended = await promisify(execFile)(command, args, { cwd, env, timeout: COMMAND_TIMEOUT_MILLIS })
    return ended.stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error })
  }
}
