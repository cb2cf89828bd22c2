// What was found out about texts is kept within bounds, and what is used stays.
import { expect, test } from 'vitest'
import { StatementMemory } from '../../../src/routing/statement-memory.ts'

test('no more than twice as many texts are kept as its bound says', () => {
  const memory = new StatementMemory<number>({ texts: 10, characters: 1_000_000 })
  for (let i = 0; i < 1000; i++) memory.set(`select ${i}`, i)
  expect(memory.size).toBeLessThanOrEqual(20)
  expect(memory.get('select 999')).toBe(999)
  expect(memory.get('select 0')).toBeUndefined()
})

test('long texts are fewer', () => {
  const memory = new StatementMemory<number>({ texts: 1000, characters: 10_000 })
  for (let i = 0; i < 100; i++) memory.set(`${i}${'x'.repeat(1000)}`, i)
  expect(memory.size).toBeLessThanOrEqual(24)
})

test('a text that is used again and again is not forgotten', () => {
  const memory = new StatementMemory<string>({ texts: 10, characters: 1_000_000 })
  memory.set('select mine', 'kept')
  for (let i = 0; i < 1000; i++) {
    memory.set(`select ${i}`, 'other')
    expect(memory.get('select mine')).toBe('kept')
  }
})
