// The repository keeps its own rules of style: one test a rule set, every fault with its place.
import { describe, expect, test } from 'vitest'
import { formatFault } from './fault.ts'
import { checkFile } from './file-rules.ts'
import { checkLayers, checkPurity } from './layer-rules.ts'
import { readSources } from './repository.ts'
import { checkTestFile } from './test-rules.ts'

const sources = readSources({ folder: 'src', ending: '.ts' })
const tests = readSources({ folder: 'test', ending: '.test.ts' })

describe('the repository is tidy', () => {
  test('there is something to look at', () => {
    expect(sources.length).toBeGreaterThan(30)
    expect(tests.length).toBeGreaterThan(5)
  })

  test('source files keep their shape', () => {
    expect(sources.flatMap((source) => checkFile(source)).map(formatFault)).toEqual([])
  })

  test('imports point one way and never in a circle', () => {
    expect(checkLayers(sources).map(formatFault)).toEqual([])
  })

  test('pure rooms touch no clock, timer, randomness or process', () => {
    expect(sources.flatMap(checkPurity).map(formatFault)).toEqual([])
  })

  test('tests neither sleep nor leave tests out', () => {
    expect(tests.flatMap(checkTestFile).map(formatFault)).toEqual([])
  })
})
