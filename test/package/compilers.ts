// `npm run test:compilers`: the packed package's types under each TypeScript that it is meant for, as an application has
// them. The compilers come from the npm registry, into a folder that goes again. Exit code 77: they could not be had.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Reaper } from '../../src/testing/reaper.ts'
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
// Of a run that is broken off nothing stays either.
const reaper = new Reaper(compilers)
const installed = await installPackage()
try {
  process.exitCode = (await installCompilers()) ? await compileWithAll() : 77
} finally {
  await installed.remove()
  await reaper.finish()
}

async function compileWithAll(): Promise<number> {
  let passed = 0
  for (const version of VERSIONS)
    for (const each of RESOLUTIONS) if (await compiles(version, each)) passed += 1
  const failed = VERSIONS.length * RESOLUTIONS.length - passed
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  return failed > 0 ? 1 : 0
}

async function installCompilers(): Promise<boolean> {
  const packages = VERSIONS.map((version) => `typescript-${version}@npm:typescript@~${version}.0`)
  try {
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefix', compilers, ...packages], compilers)
    return true
  } catch (error) {
    process.stdout.write(
      `The compilers could not be installed: ${(error as Error).message.split('\n').at(-1)}\n`,
    )
    return false
  }
}

async function compiles(
  version: string,
  { module, resolution }: (typeof RESOLUTIONS)[number],
): Promise<boolean> {
  const tsc = join(compilers, 'node_modules', `typescript-${version}`, 'bin', 'tsc')
  const args = [tsc, ...OPTIONS.split(' '), '--module', module, '--moduleResolution', resolution, 'types.ts']
  const complaints = await run(process.execPath, args, installed.folder).then(() => [], complaintsOf)
  process.stdout.write(
    `TypeScript ${version}, ${resolution}: ${complaints.length === 0 ? 'passes' : complaints.join('\n')}\n`,
  )
  return complaints.length === 0
}

function complaintsOf({ message }: Error): readonly string[] {
  const lines = message.split('\n').filter((line) => line.includes('error TS'))
  return lines.length === 0 ? [message] : lines.filter((line) => !OTHERS.test(line))
}
