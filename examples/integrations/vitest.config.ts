import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    retry: Number(process.env.SECOND_TRIES ?? 0),
    // Each example runs a cluster of its own: two at once on a small machine.
    maxConcurrency: 2,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
})
