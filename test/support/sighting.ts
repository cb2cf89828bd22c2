// One look at a node, written in a line, as the tables write it:
//   primary tl=2 followers=1        standby replay=0/20 age=30        silent by=pool code=ECONNRESET asked=90
// What is left out is hidden (null), but for the system identifier, which is SYSTEM unless `system=hidden` says otherwise.
import type { FailureSign, NodeFailure, ProbeAnswer, ProbeResult } from '../../src/topology/probe-result.ts'
import { strictWord } from './strict-mapping.ts'

export const SYSTEM = '7001'
export const SIGNS: readonly FailureSign[] = [
  'refused',
  'unreachable',
  'silent',
  'lost',
  'starting',
  'demoted',
  'rejected',
  'confused',
]

const ANSWER_WORDS = [
  ...[
    'asked',
    'rtt',
    'serving',
    'tl',
    'followers',
    'system',
    'start',
    'write',
    'receive',
    'replay',
    'age',
    'readonly',
  ],
  ...['follows', 'receiving', 'own', 'commit', 'traced'],
]
const FAILURE_WORDS = ['asked', 'by', 'code', 'message']

/** `atMillis` is when it was asked, unless it says so itself. */
export function sighting(text: string, atMillis: number): ProbeResult {
  const [head, ...rest] = text.trim().split(/\s+/)
  if (head === 'primary' || head === 'standby') return answer(head, read(rest, ANSWER_WORDS), atMillis)
  return failure(strictWord(head, SIGNS), read(rest, FAILURE_WORDS), atMillis)
}

function answer(
  role: ProbeAnswer['role'],
  words: ReadonlyMap<string, string>,
  atMillis: number,
): ProbeAnswer {
  const system = words.get('system') ?? SYSTEM
  return {
    kind: 'answer',
    askedAtMillis: number(words, 'asked') ?? atMillis,
    roundTripMillis: number(words, 'rtt') ?? 0,
    isPooled: null,
    servingMillis: number(words, 'serving'),
    role,
    readOnly: words.has('readonly'),
    serverVersion: null,
    serverStartMillis: number(words, 'start'),
    systemIdentifier: system === 'hidden' ? null : system,
    timeline: number(words, 'tl'),
    writeLsn: words.get('write') ?? null,
    receiveLsn: words.get('receive') ?? null,
    replayLsn: words.get('replay') ?? null,
    replayAgeMillis: number(words, 'age'),
    followers: number(words, 'followers'),
    receiving: role === 'standby' && words.has('receiving') ? words.get('receiving') === 'yes' : null,
    upstream: place(words.get('follows')),
    ownAddress: place(words.get('own')),
    mayTrace: words.has('traced'),
    canCommit: words.has('commit') ? words.get('commit') === 'yes' : null,
  }
}

/** `a` is a:5432, `10.0.0.1/6000` another port. */
function place(text: string | undefined): { host: string; port: number } | null {
  if (text === undefined) return null
  const [host = '', port] = text.split('/')
  return { host, port: Number(port ?? 5432) }
}

function failure(sign: FailureSign, words: ReadonlyMap<string, string>, atMillis: number): NodeFailure {
  return {
    kind: 'failure',
    askedAtMillis: number(words, 'asked') ?? atMillis,
    sign,
    seenBy: strictWord(words.get('by') ?? 'monitor', ['monitor', 'pool']),
    code: words.get('code'),
    message: words.get('message')?.replaceAll('_', ' ') ?? sign,
  }
}

function read(words: readonly string[], known: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const word of words) {
    const [key = '', value = ''] = word.split('=')
    if (found.has(key)) throw new Error(`'${key}' is given twice`)
    found.set(strictWord(key, known), value)
  }
  return found
}

function number(words: ReadonlyMap<string, string>, key: string): number | null {
  const text = words.get(key)
  if (text === undefined) return null
  const value = Number(text)
  if (text === '' || Number.isNaN(value)) throw new Error(`${key}=${text} is not a number`)
  return value
}
