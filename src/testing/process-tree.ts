// Signals to a process and all its children. PostgreSQL's children lead groups of their own, so no group signal
// reaches them. Knows nothing of PostgreSQL.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const hasProc = existsSync('/proc/self/stat')

/** Stops the process and every child where they stand; returns their pids. */
export function freezeTree(pid: number): number[] {
  signal(pid, 'SIGSTOP')
  const frozen = new Set([pid])
  // The parent may be within a fork while its stop is pending: look again until it stands and nobody is new.
  for (let round = 0; round < 1000; round++) {
    const fresh = childrenOf(pid).filter((child) => !frozen.has(child))
    if (fresh.length === 0 && isFrozenOrUnknown(pid)) break
    for (const child of fresh) {
      signal(child, 'SIGSTOP')
      frozen.add(child)
    }
  }
  return [...frozen]
}

export function thawTree(pid: number): void {
  for (const child of childrenOf(pid)) signal(child, 'SIGCONT')
  signal(pid, 'SIGCONT')
}

/** Kills the process and every child at once, none seeing another die; returns their pids. */
export function killTree(pid: number): number[] {
  // Frozen first, so that no child can act on its parent's death, nor the parent on a child's.
  const pids = freezeTree(pid)
  for (const each of pids) signal(each, 'SIGKILL')
  return pids
}

/** A zombie counts as gone: it runs no more and holds no file or socket. */
export function isGone(pid: number): boolean {
  if (hasProc) {
    const state = stateOf(pid)
    return state === undefined || state === 'Z' || state === 'X'
  }
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function childrenOf(pid: number): number[] {
  if (process.platform === 'win32') return []
  if (hasProc) {
    try {
      const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
      return pids === '' ? [] : pids.split(' ').map(Number)
    } catch (error) {
      if (isGone(pid)) return []
      // Some kernels are built without this file: ps knows too.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .flatMap(([child]) => child ?? [])
}

function isFrozenOrUnknown(pid: number): boolean {
  if (!hasProc) return true
  const state = stateOf(pid)
  return state === undefined || state === 'T' || state === 'Z' || state === 'X'
}

function stateOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in brackets, may hold anything: the state follows the last bracket.
    return stat.charAt(stat.lastIndexOf(')') + 2)
  } catch {
    return undefined
  }
}
