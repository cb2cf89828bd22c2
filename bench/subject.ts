// What is measured: the package as it is built and shipped, not its sources through a loader.
import { createRequire } from 'node:module'

type Built = typeof import('../src/index.ts')
type BuiltTesting = typeof import('../src/testing/index.ts')

const require = createRequire(import.meta.url)

// A path that the type checker does not follow: it would want a build before it can check anything.
const dist = new URL('../dist/', import.meta.url).pathname

export const { Pool } = require(`${dist}index.cjs`) as Built
export const { startCluster } = require(`${dist}testing.cjs`) as BuiltTesting
