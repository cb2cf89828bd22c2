// Installs what the examples here need, half a gigabyte that nothing else of this repository wants, and pg-ha beside it as
// an application gets it: built, packed, unpacked.
//   npm run setup
import { execSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../..', import.meta.url))
const lock = `${folder}package-lock.json`
const installedLock = `${folder}node_modules/.installed-lock.json`
const run = (command, { cwd = folder, env = {} } = {}) =>
  execSync(command, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })

if (!existsSync(`${root}node_modules`)) run('npm ci --no-audit --no-fund', { cwd: root })

const isInstalled =
  existsSync(installedLock) && readFileSync(installedLock, 'utf8') === readFileSync(lock, 'utf8')
if (!isInstalled) {
  run('npm ci --no-audit --no-fund --loglevel=error')
  // One pg, that of the folder above, as an application has it: Prisma's adapter knows a pool by its class. Knex and Drizzle
  // are there too.
  for (const name of ['pg', 'pg-pool', '@types/pg', '@types/node'])
    rmSync(`${folder}node_modules/${name}`, { recursive: true, force: true })
  cpSync(lock, installedLock)
}

// Its own engine is not needed to generate a client, but would be downloaded if none were named.
run('npx prisma generate', { env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath } })

const packed = mkdtempSync(`${tmpdir()}/pg-ha-integrations-`)
const installed = `${folder}node_modules/pg-ha`
try {
  run('npx tsup --silent', { cwd: root })
  run(`npm pack --silent --ignore-scripts --pack-destination ${packed}`, { cwd: root })
  rmSync(installed, { recursive: true, force: true })
  mkdirSync(installed)
  run(`tar -xzf ${packed}/pg-ha-*.tgz -C ${installed} --strip-components=1`)
} finally {
  rmSync(packed, { recursive: true, force: true })
}
