// The packed tarball, as an application gets it: well formed, importable both ways, typed, small.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type InstalledPackage, installPackage, run } from './installed-package.ts'

/** What the package may weigh, in bytes. Raise a number only with what it buys written in the changelog. */
const BUDGET_BYTES = {
  entry: 430_000,
  entryGzipped: 117_000,
  testingEntry: 60_000,
  tarball: 340_000,
}

let installed: InstalledPackage

beforeAll(async () => {
  installed = await installPackage()
})

afterAll(async () => {
  await installed?.remove()
})

describe('the packed package', () => {
  test('publint finds nothing to say', async () => {
    const tarball = await readFile(installed.tarball)
    const { messages, pkg } = await publint({
      pack: { tarball: Uint8Array.from(tarball).buffer },
      strict: true,
    })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('its types resolve in every mode', async () => {
    const report = await run(
      'attw',
      [installed.tarball, '--no-definitely-typed', '--format', 'ascii'],
      installed.folder,
    )
    expect(report).toContain('No problems found')
  })

  test('holds the build and nothing of the workshop', () => {
    const expected = /^(dist\/[\w-]+\.(js|cjs|d\.ts|d\.cts)|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/
    const paths = installed.files.map(({ path }) => path)
    expect(paths.filter((path) => !expected.test(path))).toEqual([])
    expect(paths).toContain('LICENSE')
  })

  test('needs debug, pg and pg-pool at run time', async () => {
    const manifest = JSON.parse(await readInstalled('package.json')) as {
      dependencies: Record<string, string>
    }
    expect(Object.keys(manifest.dependencies).sort()).toEqual(['debug', 'pg', 'pg-pool'])
  })

  test('stays within its size budget', async () => {
    const sizeOf = (path: string) => installed.files.find((file) => file.path === path)?.size
    for (const entry of ['dist/index.js', 'dist/index.cjs']) {
      expect.soft(sizeOf(entry), entry).toBeLessThanOrEqual(BUDGET_BYTES.entry)
      const gzipped = gzipSync(await readInstalled(entry)).length
      expect.soft(gzipped, `${entry} gzipped`).toBeLessThanOrEqual(BUDGET_BYTES.entryGzipped)
    }
    for (const entry of ['dist/testing.js', 'dist/testing.cjs'])
      expect.soft(sizeOf(entry), entry).toBeLessThanOrEqual(BUDGET_BYTES.testingEntry)
    expect.soft(installed.tarballBytes, 'tarball').toBeLessThanOrEqual(BUDGET_BYTES.tarball)
  })
})

describe('an application that installed it', () => {
  test.each(['esm.mjs', 'cjs.cjs'])('gets the same classes in %s', async (fixture) => {
    const printed = await run(process.execPath, [fixture], installed.folder)
    expect(JSON.parse(printed)).toEqual({
      poolName: 'Pool',
      extendsPool: true,
      isPool: true,
      configError: true,
      code: 'PGHA_CONFIG',
      errorName: 'ConfigError',
      genericPoolRefuses: true,
      drizzleKeepsPool: true,
      knexClient: 'pg',
      startCluster: 'function',
      // By what only a pool that splits loads.
      route: 'standby',
    })
  })

  test.each([
    { module: 'node16', moduleResolution: 'node16' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ])('compiles with moduleResolution $moduleResolution', async ({ module, moduleResolution }) => {
    const options = [
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      '--lib',
      'es2023,esnext.disposable',
    ]
    const strict = [
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--types',
      'node',
      '--noEmit',
    ]
    expect(await run('tsc', [...options, ...strict, 'types.ts'], installed.folder)).toBe('')
  })
})

function readInstalled(path: string): Promise<string> {
  return readFile(join(installed.folder, 'node_modules', 'pg-ha', path), 'utf8')
}
