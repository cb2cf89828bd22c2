// `npm run test:compilers`: the packed package's types under each TypeScript that it is meant for, as an application has
// them. The compilers come from the npm registry, into a folder that goes again. Exit code 77: they could not be had.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPackage, run } from './installed-package.ts'

const VERSIONS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9']
const RESOLUTIONS = [
  { module: 'node16', resolution: 'node16' },
  { module: 'esnext', resolution: 'bundler' },
]
const OPTIONS =
  '--strict --exactOptionalPropertyTypes --target es2022 --lib es2023,esnext.disposable --types node --noEmit'

/** pg's own types, which @types/pg leads to, want TypeScript 5.7: before that an application sets `skipLibCheck`. */
const OTHERS = /pg-protocol\/dist\/.*error TS2315: Type 'Buffer' is not generic/

const compilers = await mkdtemp(join(tmpdir(), 'pg-ha-compilers-'))
const installed = await installPackage()
let failed = 0
try {
  await installCompilers()
  for (const version of VERSIONS) for (const each of RESOLUTIONS) await compile(version, each)
} finally {
  await Promise.all([installed.remove(), rm(compilers, { recursive: true, force: true })])
}
process.stdout.write(`${VERSIONS.length * RESOLUTIONS.length - failed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0

async function installCompilers(): Promise<void> {
  const packages = VERSIONS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`)
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', compilers, ...packages], compilers)
  } catch (error) {
    process.stdout.write(
      `The compilers could not be installed: ${(error as Error).message.split('\n').at(-1)}\n`,
    )
    process.exit(77)
  }
}

async function compile(version: string, { module, resolution }: (typeof RESOLUTIONS)[number]): Promise<void> {
  const tsc = join(compilers, 'node_modules', `typescript-${version}`, 'bin', 'tsc')
  const args = [tsc, ...OPTIONS.split(' '), '--module', module, '--moduleResolution', resolution, 'types.ts']
  const complaints = await run(process.execPath, args, installed.folder).then(() => [], complaintsOf)
  if (complaints.length > 0) failed += 1
  process.stdout.write(
    `TypeScript ${version}, ${resolution}: ${complaints.length === 0 ? 'passes' : complaints.join('\n')}\n`,
  )
}

function complaintsOf({ message }: Error): readonly string[] {
  const lines = message.split('\n').filter((line) => line.includes('error TS'))
  return lines.length === 0 ? [message] : lines.filter((line) => !OTHERS.test(line))
}
