// What is left of a connection string that may be shown.
import { expect, test } from 'vitest'
import { redact } from '../../../src/config/redact.ts'

test.each([
  ['postgres://app:secret@h1:5432,h2,[::1]:5433/db?max=3', 'postgresql://h1:5432,h2:5432,[::1]:5433'],
  ['postgres://app@h1/db?password=secret', 'postgresql://h1:5432'],
  ['jdbc:postgresql://h1,h2:5433/db?user=app&password=secret', 'jdbc:postgresql://h1:5432,h2:5433'],
])('%s keeps its hosts', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  '',
  'secret',
  'host=h1 password=secret',
  'mysql://app:secret@h1/db',
  // A user and a password whose host is missing, or a host and its port.
  'postgres://app:12345',
  'postgres://app:secret',
  // A password cut in two by its own '/' or '?'.
  'postgres://app:12/secret@h1/db',
  'postgres://app:12?secret=1@h1/db',
  'postgres://app:pass@word,secret@h1/db',
  'postgres://app:50%secret@h1,h2/db',
  'jdbc:postgresql://app:secret@h1/db',
])('%s is dropped in full', (text) => {
  expect(redact(text)).toBe('***')
})
