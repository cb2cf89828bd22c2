// What is measured: the package as it is built and shipped, not its sources through a loader.

type Built = typeof import('../src/index.ts')
type BuiltTesting = typeof import('../src/testing/index.ts')

// An address that the type checker does not follow: it would want a build before it can check anything.
const dist = new URL('../dist/', import.meta.url)

export const { Pool } = (await import(new URL('index.js', dist).href)) as Built
export const { startCluster } = (await import(new URL('testing.js', dist).href)) as BuiltTesting
