// Cleans up after us, however we end. A tiny child process holds a pipe from this one; when the pipe closes (stop,
// exit, crash or SIGKILL alike) it kills the servers it was told of and removes the folder. Knows nothing of clusters.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { withDeadline } from './wait-until.ts'

const finishMillis = 20_000

// Plain script text, so that it runs alike from TypeScript, ESM and CommonJS bundles. It kills a pid only if the
// process's command line names our folder: the number may belong to a stranger by then. A killed server leaves a
// System V memory segment that only its lock file still knows: without ipcrm they would pile up to the system's limit.
const script = String.raw`
const fs = require('fs'), path = require('path'), { execFileSync } = require('child_process')
const folder = process.argv[1]
const hasProc = fs.existsSync('/proc/self/stat')
const attempt = (work, otherwise) => { try { return work() } catch { return otherwise } }
const read = (file) => attempt(() => fs.readFileSync(file, 'utf8'), '')
const run = (command, args) => attempt(() => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }), '')
const kill = (pid, signal) => attempt(() => process.kill(pid, signal))
const isOurs = (pid) => (hasProc ? read('/proc/' + pid + '/cmdline') : run('ps', ['-o', 'command=', '-p', String(pid)])).includes(folder)
const numbers = (text) => text.split(/\s+/).filter(Boolean).map(Number)
const children = (pid) => {
  if (hasProc && fs.existsSync('/proc/' + process.pid + '/task/' + process.pid + '/children')) return numbers(read('/proc/' + pid + '/task/' + pid + '/children'))
  return run('ps', ['-A', '-o', 'pid=,ppid=']).split('\n').map(numbers).filter((pair) => pair[1] === pid).map((pair) => pair[0])
}
const isGone = (pid) => {
  if (!hasProc) return attempt(() => !process.kill(pid, 0), true)
  const stat = read('/proc/' + pid + '/stat')
  return stat === '' || 'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2))
}
const killTree = (pid) => {
  kill(pid, 'SIGSTOP')
  const all = new Set([pid])
  for (let calm = 0; calm < 20;) {
    const fresh = children(pid).filter((child) => !all.has(child))
    for (const child of fresh) { kill(child, 'SIGSTOP'); all.add(child) }
    calm = fresh.length ? 0 : calm + 1
  }
  for (const each of all) kill(each, 'SIGKILL')
  return [...all]
}
const releaseMemory = () => {
  for (const name of attempt(() => fs.readdirSync(folder), [])) {
    const [, id] = numbers(read(path.join(folder, name, 'data', 'postmaster.pid')).split('\n')[6] || '')
    if (id !== undefined) run('ipcrm', ['-m', String(id)])
  }
}
const reap = async () => {
  const pids = numbers(told)
  let left = process.platform === 'win32' ? pids : pids.filter((pid) => !isGone(pid) && isOurs(pid)).flatMap(killTree)
  if (process.platform === 'win32') for (const pid of pids) run('taskkill', ['/pid', String(pid), '/t', '/f'])
  for (let round = 0; round < 500 && left.length; round++) {
    left = left.filter((pid) => !isGone(pid))
    if (left.length) await new Promise((resolve) => setTimeout(resolve, 10))
  }
  releaseMemory()
  attempt(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  process.exit(0)
}
let told = ''
process.stdin.setEncoding('utf8').on('data', (text) => { told += text }).on('end', reap).on('error', reap)
`

export class Reaper {
  readonly #folder: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  /** From here on the folder is removed when this process ends. */
  constructor(folder: string) {
    this.#folder = folder
    const { NODE_OPTIONS: _, ...env } = process.env
    this.#child = spawn(process.execPath, ['-e', script, folder], {
      // Of a session of its own: an interrupt from the terminal must not end it before us.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      cwd: process.platform === 'win32' ? undefined : '/',
      env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
    })
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve())
      this.#child.once('error', () => resolve())
    })
    this.#child.stdin?.on('error', () => {})
    this.#child.unref()
    ;(this.#child.stdin as Socket | null)?.unref()
  }

  /** The process, and its children by then, die with us. */
  watch(pid: number): void {
    this.#child.stdin?.write(`${pid}\n`)
  }

  /** Kills what is left, removes the folder, and ends. */
  async finish(): Promise<void> {
    this.#child.stdin?.end()
    await withDeadline(this.#exited, { what: `Cleaning up ${this.#folder}`, millis: finishMillis })
    // Nothing to do, unless somebody ended the reaper before its time.
    await rm(this.#folder, { recursive: true, force: true })
  }
}
