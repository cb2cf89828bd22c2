import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: false,
  clean: true,
  target: 'node20',
  // pg-ha/testing finds its binaries by import.meta.url: CommonJS gets the same from __filename.
  shims: true,
  // Drizzle recognises a pool by its class name: names stay as they are written.
  keepNames: true,
})
