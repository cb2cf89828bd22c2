// Completes package-lock.json: names the platform packages (other systems' binaries) that npm leaves out when
// its registry does not carry them. Without them `npm ci` calls the lock file out of sync. Run after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

const LOCK = new URL('../package-lock.json', import.meta.url)
const PLATFORM =
  /\b(android|darwin|freebsd|linux|openbsd|netbsd|win32|windows|openharmony)-(arm64|arm|x64|ia32|loong64|ppc64|riscv64|s390x)/

const lock = JSON.parse(readFileSync(LOCK, 'utf8'))
const { packages } = lock
const added = []

for (const [place, dependent] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(dependent.optionalDependencies ?? {})) {
    const platform = name.match(PLATFORM)
    const found = resolve({ place, name })
    if (platform === null || (found !== undefined && majorOf(packages[found].version) === majorOf(range)))
      continue
    const target = found === undefined ? `node_modules/${name}` : `${place}/node_modules/${name}`
    packages[target] = entryFor({ dependent, range, platform, name })
    added.push(target)
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
if (added.length > 0) writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added.length} platform packages added to package-lock.json\n`)

/** The lock's key of `name` as Node would resolve it from `place`: the nearest node_modules upwards. */
function resolve({ place, name }) {
  let folder = place
  while (folder !== '') {
    const key = `${folder}/node_modules/${name}`
    if (key in packages) return key
    const end = folder.lastIndexOf('/node_modules/')
    folder = end === -1 ? '' : folder.slice(0, end)
  }
  const atRoot = `node_modules/${name}`
  return atRoot in packages ? atRoot : undefined
}

function entryFor({ dependent, range, platform, name }) {
  const [, system, cpu] = platform
  const libc = name.endsWith('-musl')
    ? ['musl']
    : name.endsWith('-gnu') && system === 'linux'
      ? ['glibc']
      : undefined
  return {
    version: range.replace(/^[\^~]/, ''),
    cpu: [cpu],
    ...(dependent.dev && { dev: true }),
    ...(libc && { libc }),
    optional: true,
    os: [system === 'windows' ? 'win32' : system],
  }
}

function majorOf(version) {
  return version.replace(/^[\^~]/, '').split('.')[0]
}
