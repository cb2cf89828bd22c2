// `npm run lab:report -- <folder of results of all labs> [<a sentence on the run>]`: writes docs/fault-matrix.md and its pictures.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ScenarioResult } from '../results/result.ts'
import { containerScenarios } from '../scenarios/containers.ts'
import { patroniScenarios } from '../scenarios/patroni.ts'
import { repmgrScenarios } from '../scenarios/repmgr.ts'
import { vipManagerScenarios } from '../scenarios/vip-manager.ts'
import { document } from './document.ts'
import { timeline } from './timeline.ts'

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url))
const PICTURES = 'fault-matrix'

const folder = process.argv[2]
if (folder === undefined)
  throw new Error('Name the folder that npm run lab -- run --results <folder> has filled')
const files = (await readdir(folder)).filter((file) => file.endsWith('.json'))
const results = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8')) as ScenarioResult),
)
await mkdir(path.join(DOCS, PICTURES), { recursive: true })
for (const result of results)
  await writeFile(path.join(DOCS, PICTURES, `${result.name}.svg`), timeline(result))
const pictureOf = (name: string): string => `${PICTURES}/${name}.svg`
const scenarios = [...patroniScenarios, ...vipManagerScenarios, ...repmgrScenarios, ...containerScenarios]
await writeFile(
  path.join(DOCS, 'fault-matrix.md'),
  document({ scenarios, results, pictureOf, about: process.argv[3] ?? '' }),
)
