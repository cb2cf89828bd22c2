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
  // Not minified, so names stay as they are written (Drizzle knows a pool by its class's). `keepNames` would say so
  // again at every closure made at run time: 1.3 microseconds of every statement.
  keepNames: false,
})
