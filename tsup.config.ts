import { dirname, relative, resolve } from 'node:path'
import { defineConfig, type Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** What the entry `pg-ha` exports: another entry that needs it imports that entry, so that each class exists once. */
const SHARED = new Set(['src/errors.ts', 'src/pool.ts'])
const MAIN = 'src/index.ts'

const ownPackage: Plugin = {
  name: 'own-package',
  setup(build) {
    const entries = Object.values(build.initialOptions.entryPoints ?? {}).map(String)
    const isAlone = entries.length === 1 && entries[0] === MAIN
    if (isAlone) return
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer, kind }) => {
      if (kind === 'entry-point') return undefined
      const file = relative(process.cwd(), resolve(dirname(importer), path))
      return SHARED.has(file) ? { path: 'pg-ha', external: true } : undefined
    })
  },
}

/** Loaded by `import()` when it is first wanted: a file of its own beside the entry, in the entry's own format. */
const APART = { 'statement-router': 'src/routing/statement-router.ts' }

const filesApart: Plugin = {
  name: 'files-apart',
  setup(build) {
    const extension = build.initialOptions.format === 'cjs' ? 'cjs' : 'js'
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer, kind }) => {
      if (kind !== 'dynamic-import') return undefined
      const file = relative(process.cwd(), resolve(dirname(importer), path))
      const name = Object.entries(APART).find(([, source]) => source === file)?.[0]
      if (name === undefined) throw new Error(`${file} is loaded by import(), and is no file apart`)
      return { path: `./${name}.${extension}`, external: true }
    })
  },
}

const shared: Options = {
  format: ['esm', 'cjs'],
  sourcemap: false,
  target: 'node20',
  splitting: false,
  // pg-ha/testing finds its binaries by import.meta.url: CommonJS gets the same from __filename.
  shims: true,
  // Not minified, so names stay as they are written (Drizzle knows a pool by its class's). `keepNames` would say so
  // again at every closure made at run time: 1.3 microseconds of every statement.
  keepNames: false,
}

const MAIN_ENTRIES = { index: MAIN, testing: 'src/testing/index.ts' }
const OTHER_ENTRIES = {
  knex: 'src/adapters/knex.ts',
  drizzle: 'src/adapters/drizzle.ts',
  sequelize: 'src/adapters/sequelize.ts',
  'generic-pool': 'src/pooling/engines/generic-pool.ts',
}

export default defineConfig([
  { ...shared, entry: { ...MAIN_ENTRIES, ...APART }, clean: true, esbuildPlugins: [filesApart] },
  { ...shared, entry: OTHER_ENTRIES, esbuildPlugins: [ownPackage] },
  // Types in one go: a class with private members is the same only where it is declared once.
  { ...shared, entry: { ...MAIN_ENTRIES, ...OTHER_ENTRIES }, dts: { only: true } },
])
