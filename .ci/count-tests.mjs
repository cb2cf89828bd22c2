// Prints which tests failed, which passed only at their second try, and "N passed, N failed" from vitest's JSON report. A file
// that could not be loaded counts as one failed test; exits 1 when something failed, when more than three needed a second try,
// or when the report is missing.
import { existsSync, readFileSync } from 'node:fs'

const file = process.argv[2] ?? ''
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined

const assertions = (report?.testResults ?? []).flatMap((result) => result.assertionResults)
const unloaded = (report?.testResults ?? []).filter(
  (result) =>
    result.status === 'failed' && !result.assertionResults.some(({ status }) => status === 'failed'),
)
const passed = assertions.filter(({ status }) => status === 'passed').length
const failed = assertions.filter(({ status }) => status === 'failed').length + unloaded.length

for (const { fullName, failureMessages } of assertions.filter(({ status }) => status === 'failed'))
  process.stdout.write(`FAILED ${fullName}: ${(failureMessages[0] ?? '').split('\n')[0]}\n`)
const late = assertions.filter(
  ({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0,
)
for (const { fullName, failureMessages } of late)
  process.stdout.write(`SECOND TRY ${fullName}: ${failureMessages[0].split('\n')[0]}\n`)
for (const { name, message } of unloaded) process.stdout.write(`FAILED ${name}: ${message.split('\n')[0]}\n`)
if (report === undefined) process.stdout.write('The tests did not run\n')
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = report === undefined || failed > 0 || late.length > 3 ? 1 : 0
