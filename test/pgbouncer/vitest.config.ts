import { defineConfig } from 'vitest/config'

/** Apart from all others: these need Debian's package. */
export default defineConfig({
  test: {
    include: ['test/pgbouncer/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    retry: Number(process.env.SECOND_TRIES ?? 0),
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
