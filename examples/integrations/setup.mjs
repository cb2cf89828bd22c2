// Installs what the examples here need: half a gigabyte that nothing else of this repository wants.
//   npm run setup
import { execSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const run = (command, env = {}) =>
  execSync(command, { cwd: folder, stdio: 'inherit', env: { ...process.env, ...env } })

run('npm ci --no-audit --no-fund')

// One pg, that of the folder above, as an application has it: Prisma's adapter knows a pool by its class.
for (const name of ['pg', 'pg-pool', '@types/pg', '@types/node'])
  rmSync(`${folder}node_modules/${name}`, { recursive: true, force: true })

// Its own engine is not needed to generate a client, but would be downloaded if none were named.
run('npx prisma generate', { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath })
