// The TLS parameters of all sources -> what libpq means by them. Opens no file.
//
// Deliberate differences from libpq (docs/decisions/0008-sslmode-as-libpq-means-it.md):
// - nothing said of TLS anywhere is no TLS, as in pg, not `prefer`
// - a plain pool leaves to pg what only PGSSLMODE and PGSSLNEGOTIATION say, and what pg and libpq mean alike
// - `ssl=true` is pg's and pgjdbc's word and means verify-full, which to libpq is sslmode=require
// - pg's words: no-verify, ssl, uselibpqcompat
import type { PoolConfig } from 'pg'
import type { FaultList } from './fault-list.ts'
import type { GivenOptions, GivenValue } from './given-options.ts'
import type { SourceList } from './given-parameters.ts'
import { readRequireAuth } from './require-auth.ts'
import type { RequireAuth, TlsMode, TlsSettings, TlsVersion } from './settings.ts'

export interface TlsOutcome {
  readonly tls?: TlsSettings
  /** What pg itself is told. */
  readonly pg: Pick<PoolConfig, 'ssl' | 'sslnegotiation' | 'enableChannelBinding'>
}

export interface TlsCase {
  readonly sources: SourceList
  /** The environment's own part of the sources. */
  readonly environment: GivenOptions
  /** One host and no monitor: what pg does by itself stays as it is. */
  readonly isPlain: boolean
  /** Whether the text is a URI that pg 8 would have read too. */
  readonly isPgUri: boolean
  readonly hasDefaultRoot: boolean
  readonly faults: FaultList
  readonly notices: string[]
}

const MODES: readonly TlsMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']
const VERSIONS: readonly TlsVersion[] = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
/** Any of these means that TLS is wanted, at least where the server has it. */
const MATERIAL: readonly string[] = [
  ...['sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'sslcertmode', 'sslcrl', 'sslcrldir', 'sslsni'],
  ...['ssl_min_protocol_version', 'ssl_max_protocol_version'],
]
const READ_BY_PG: readonly string[] = ['sslmode', 'sslnegotiation']

export function resolveTls(given: TlsCase): TlsOutcome {
  const { sources, faults } = given
  if (sources.rank(0)?.has('ssl')) return leaveToPg(given)
  const channelBinding = readWord(given, 'channel_binding', ['disable', 'prefer', 'require'])
  const requireAuth = readAuth(sources, faults)
  const wanted = readMode(given)
  const negotiation = readWord(given, 'sslnegotiation', ['postgres', 'direct']) ?? 'postgres'
  const hasMaterial = MATERIAL.some((name) => speaks(given, name))
  const isSaid =
    wanted !== undefined || hasMaterial || (negotiation === 'direct' && speaks(given, 'sslnegotiation'))
  const binding: TlsOutcome['pg'] =
    channelBinding === undefined ? {} : { enableChannelBinding: channelBinding !== 'disable' }
  const needsDialling = requireAuth !== undefined || channelBinding === 'require'
  if (!isSaid && !needsDialling) return { pg: binding }

  const isOfPg = !needsDialling && !hasMaterial && (given.isPlain || ownWordOfPg(sources) !== undefined)
  const asPg = isOfPg ? readAsPg(given, wanted, negotiation) : undefined
  if (asPg !== undefined) return { pg: { ...asPg, ...binding } }
  const mode = modeOf(given, { wanted, isSaid, negotiation, needsTls: channelBinding === 'require' })
  noticeWeaker(given, mode, wanted)
  return {
    tls: tlsSettings(given, {
      mode,
      negotiation,
      ...(wanted === 'no-verify' ? { neverVerify: true } : {}),
      channelBinding: channelBinding ?? 'prefer',
      ...(requireAuth === undefined ? {} : { requireAuth }),
    }),
    pg: {},
  }
}

/** Whether any source says it; what pg reads of the environment by itself counts in a cluster only. */
function speaks({ sources, environment, isPlain }: TlsCase, name: string): boolean {
  const given = sources.find(name)
  if (given === undefined) return false
  const isLeftToPg = READ_BY_PG.includes(name) && given === environment.get(name)
  if (!isLeftToPg || !isPlain) return true
  return MATERIAL.some((each) => sources.find(each) !== undefined)
}

/** The options have pg's own `ssl`: what that cannot say is a fault, not ignored. */
function leaveToPg(given: TlsCase): TlsOutcome {
  const { sources, faults } = given
  for (const name of ['sslmode', ...MATERIAL]) {
    if (sources.rank(0)?.has(name)) {
      faults.add(name, "given together with pg's 'ssl': expected one of the two")
    }
  }
  if (sources.find('require_auth') !== undefined) {
    faults.add('require_auth', "cannot be kept with pg's 'ssl', expected sslmode in its place")
  }
  const binding = readWord(given, 'channel_binding', ['disable', 'prefer', 'require'])
  if (binding === 'require') {
    faults.add('channel_binding', "'require' cannot be kept with pg's 'ssl', expected sslmode in its place")
  }
  const negotiation = readWord(given, 'sslnegotiation', ['postgres', 'direct'])
  return {
    pg: {
      ...(negotiation === undefined ? {} : { sslnegotiation: negotiation }),
      ...(binding === undefined ? {} : { enableChannelBinding: binding !== 'disable' }),
    },
  }
}

type Wanted = TlsMode | 'no-verify'

/** pg's `ssl`, where it counts: in the first source that gives a mode, and not beside an sslmode there. */
function ownWordOfPg(sources: SourceList): GivenValue | undefined {
  return sources.rankOf('sslmode') <= sources.rankOf('ssl') ? undefined : sources.find('ssl')
}

function readMode(given: TlsCase): Wanted | undefined {
  const { sources, faults } = given
  const word = ownWordOfPg(sources)
  const isMode = word === undefined
  const text = word ?? (speaks(given, 'sslmode') ? sources.find('sslmode') : undefined)
  if (text === undefined) {
    const required = sources.find('sslmode') === undefined ? sources.find('PGREQUIRESSL') : undefined
    return String(required?.value ?? '').startsWith('1') ? 'require' : undefined
  }
  if (!isMode) return readFlag(text, faults)
  const mode = [...MODES, 'no-verify' as const].find((each) => each === text.value)
  if (mode === undefined) refuse(text, { name: 'sslmode', words: [...MODES, 'no-verify'], faults })
  const hasOldMeaning = sources.find('uselibpqcompat')?.value === 'false'
  return hasOldMeaning && mode !== undefined && isWeaker(mode) ? 'verify-full' : mode
}

function readFlag(given: GivenValue, faults: FaultList): Wanted | undefined {
  switch (given.value) {
    case 'true':
    case '1':
      return 'verify-full'
    case 'false':
    case '0':
      return 'disable'
    case 'no-verify':
      return 'no-verify'
    default:
      faults.add(given.label, 'expected true, false, no-verify')
      return undefined
  }
}

/** What pg has a word of its own for, meaning the same; undefined for anything else. */
function readAsPg(
  { sources, hasDefaultRoot }: TlsCase,
  wanted: Wanted | undefined,
  negotiation: TlsSettings['negotiation'],
): TlsOutcome['pg'] | undefined {
  const direct = negotiation === 'direct' ? { sslnegotiation: negotiation } : {}
  if (wanted === 'disable' && negotiation !== 'direct') return { ssl: false }
  if (wanted === 'no-verify') return { ssl: { rejectUnauthorized: false }, ...direct }
  if (wanted === 'verify-full' && ownWordOfPg(sources) !== undefined) return { ssl: true, ...direct }
  if (hasDefaultRoot) return undefined
  if (wanted === 'verify-full') return { ssl: {}, ...direct }
  return wanted === undefined && negotiation === 'direct' ? { ssl: true, ...direct } : undefined
}

function modeOf(
  { sources, faults, isPlain }: TlsCase,
  said: {
    wanted: Wanted | undefined
    isSaid: boolean
    negotiation: TlsSettings['negotiation']
    needsTls: boolean
  },
): TlsMode {
  const isSystem = sources.find('sslrootcert')?.value === 'system'
  const fallback = isSystem || (isPlain && said.negotiation === 'direct') ? 'verify-full' : 'prefer'
  const mode =
    said.wanted === 'no-verify'
      ? 'require'
      : (said.wanted ?? (said.isSaid || said.needsTls ? fallback : 'disable'))
  if (isSystem && mode !== 'verify-full') {
    faults.add(
      'sslmode',
      `weak sslmode "${mode}" may not be used with sslrootcert=system (use "verify-full")`,
    )
  }
  if (said.negotiation === 'direct' && ['disable', 'allow', 'prefer'].includes(mode)) {
    const expected = '(use "require", "verify-ca", or "verify-full")'
    faults.add('sslmode', `weak sslmode "${mode}" may not be used with sslnegotiation=direct ${expected}`)
  }
  return mode
}

function isWeaker(mode: Wanted): boolean {
  return mode === 'allow' || mode === 'prefer' || mode === 'require' || mode === 'verify-ca'
}

/** Of a URI that pg 8 would have read, too, and made more of: TLS always, and certificate and host name checked. */
function noticeWeaker(
  { sources, isPlain, isPgUri, notices }: TlsCase,
  mode: TlsMode,
  wanted: Wanted | undefined,
): void {
  const isOfUri = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'].some((name) => sources.rank(1)?.has(name))
  const isStrict = wanted !== undefined && !isWeaker(wanted)
  if (!isPlain || !isPgUri || !isOfUri || isStrict || sources.find('uselibpqcompat') !== undefined) return
  const said = wanted === undefined ? 'TLS parameters without an sslmode mean' : `sslmode=${mode} means`
  const libpq = `what ${wanted === undefined ? 'they mean' : 'it means'} to libpq${wanted === undefined ? ` (${mode})` : ''}`
  notices.push(
    `${said} ${libpq}, which is weaker than what pg 8 makes of it: say sslmode=verify-full to have certificate and host name checked, or uselibpqcompat=true to keep this and not be told`,
  )
}

function tlsSettings(
  given: TlsCase,
  said: Pick<TlsSettings, 'mode' | 'negotiation' | 'neverVerify' | 'channelBinding' | 'requireAuth'>,
): TlsSettings {
  const { sources, faults } = given
  const text = (name: string) => sources.text(name, faults)
  const minVersion = readVersion(sources, 'ssl_min_protocol_version', faults)
  const maxVersion = readVersion(sources, 'ssl_max_protocol_version', faults)
  if (minVersion && maxVersion && VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(maxVersion)) {
    faults.add('ssl_min_protocol_version', 'invalid SSL protocol version range')
  }
  const settings = {
    ...said,
    sni: readWord(given, 'sslsni', ['0', '1']) !== '0',
    certMode: readWord(given, 'sslcertmode', ['disable', 'allow', 'require']) ?? 'allow',
    ...present({ rootCert: text('sslrootcert'), cert: text('sslcert'), key: text('sslkey') }),
    ...present({ crl: text('sslcrl'), crlDir: text('sslcrldir'), minVersion, maxVersion }),
  }
  const keyPassword = text('sslpassword')
  if (keyPassword !== undefined) Object.defineProperty(settings, 'keyPassword', { value: keyPassword })
  return Object.freeze(settings as TlsSettings)
}

function present<Values extends Record<string, string | undefined>>(values: Values): Partial<Values> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<Values>
}

function readAuth(sources: SourceList, faults: FaultList): RequireAuth | undefined {
  const text = sources.text('require_auth', faults)
  if (text === undefined) return undefined
  const read = readRequireAuth(text)
  if (typeof read !== 'string') return read
  faults.add(sources.find('require_auth')?.label ?? 'require_auth', read)
  return undefined
}

/** libpq reads versions in any letter case. */
function readVersion(sources: SourceList, name: string, faults: FaultList): TlsVersion | undefined {
  const text = sources.find(name)
  if (text === undefined) return undefined
  const version = VERSIONS.find((each) => each.toLowerCase() === String(text.value).toLowerCase())
  if (version === undefined) refuse(text, { name, words: VERSIONS, faults })
  return version
}

function readWord<Word extends string>(
  { sources, faults }: Pick<TlsCase, 'sources' | 'faults'>,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const text = sources.find(name)
  if (text === undefined) return undefined
  const word = words.find((each) => each === text.value)
  if (word === undefined) refuse(text, { name, words, faults })
  return word
}

function refuse(
  given: GivenValue,
  { name, words, faults }: { name: string; words: readonly string[]; faults: FaultList },
): void {
  const isShown = given.isQuotable && /^[\w.-]{0,20}$/.test(String(given.value))
  const value = isShown ? `: "${String(given.value)}"` : ''
  faults.add(given.label, `invalid ${name} value${value}, expected ${words.join(', ')}`)
}
