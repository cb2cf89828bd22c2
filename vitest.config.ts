import { defineConfig } from 'vitest/config'

const INTEGRATION = [
  'test/integration/**/*.test.ts',
  'test/contract/**/*.test.ts',
  'test/examples/**/*.test.ts',
]

/** On a busy shared machine .ci/run sets 1 for what drives real servers, and tells which tests needed it. */
const SECOND_TRIES = Number(process.env.SECOND_TRIES ?? 0)

export default defineConfig({
  test: {
    pool: 'forks',
    // Each integration file runs a cluster of its own: more at once only makes them slow on a small machine.
    maxWorkers: 2,
    // A test that passes at the second try has found something.
    retry: 0,
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: ['default'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'html'],
      reportsDirectory: 'coverage',
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'fast',
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: [...INTEGRATION, 'test/package/**', 'test/pgbouncer/**', 'test/simulation/**'],
          // A bound for what hangs, not for what is slow: these run beside others on small machines.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          sequence: { groupOrder: 1 },
          include: INTEGRATION,
          retry: SECOND_TRIES,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          // It needs the processors for itself.
          name: 'simulation',
          sequence: { groupOrder: 3 },
          include: ['test/simulation/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'package',
          // After the clusters: a build beside them would stretch the times they measure.
          sequence: { groupOrder: 2 },
          include: ['test/package/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
