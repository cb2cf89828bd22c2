// Reads a section of a connection service file as libpq does, and says which files may hold it. Opens none itself.
//
// As in libpq: blanks around a line are dropped, those around '=' are not; '#' begins a comment at the start of a line
// only; the first section of the name counts, and the first of a repeated name in it. Deliberate differences from libpq:
// - all faults of the section are told at once
// - names that only this library, pg or pgjdbc knows are taken
// - 'ldap:' lines are refused: there is no LDAP lookup
// - a line may be longer than 1023 bytes
import type { FaultList } from './fault-list.ts'
import { isHarmless } from './fault-list.ts'
import type { GivenOptions } from './given-options.ts'
import { type Environment, givenByService, type SourceList } from './given-parameters.ts'
import { isSecret } from './libpq-keywords.ts'
import { parameterNamed } from './parameter-table.ts'
import type { ParameterText } from './parsed-string.ts'
import type { UserFiles } from './user-files.ts'

/** What the service that the sources name says; nothing where they name none. */
export function givenByServiceOf(
  sources: SourceList,
  { env, files, faults }: { env: Environment; files: UserFiles; faults: FaultList },
): GivenOptions {
  const name = sources.text('service', faults)
  if (name === undefined) return new Map()
  const file = sources.text('servicefile', faults)
  const section = readService({ name, file, env }, files, faults)
  return section === undefined ? new Map() : givenByService(section)
}

export interface ServiceRequest {
  readonly name: string
  /** From `servicefile` or PGSERVICEFILE: it must exist. */
  readonly file: string | undefined
  readonly env: Environment
}

/** The parameters of a service; undefined, with a fault, where it is not defined or its definition is malformed. */
export function readService(
  { name, file, env }: ServiceRequest,
  files: UserFiles,
  faults: FaultList,
): ReadonlyMap<string, ParameterText> | undefined {
  for (const { path, isRequired } of servicePaths(file, env, files.serviceFile)) {
    const text = readFile(path, files, faults)
    if (text === 'failed') return undefined
    if (text === undefined && isRequired) {
      faults.add('service', `service file ${shownPath(path)} not found`)
      return undefined
    }
    const section = text === undefined ? undefined : parseSection(text, { name, path, faults })
    if (section !== undefined) return section
  }
  faults.add('service', `definition of service ${isHarmless(name) ? `"${name}"` : 'of that name'} not found`)
  return undefined
}

/** The files in which a service is looked up, in order. */
export function servicePaths(
  file: string | undefined,
  env: Environment,
  ofUser: string | undefined,
): readonly { readonly path: string; readonly isRequired: boolean }[] {
  const first =
    file !== undefined
      ? [{ path: file, isRequired: true }]
      : ofUser === undefined
        ? []
        : [{ path: ofUser, isRequired: false }]
  const folder = env.PGSYSCONFDIR
  return folder ? [...first, { path: `${folder}/pg_service.conf`, isRequired: false }] : first
}

interface Place {
  readonly name: string
  readonly path: string
  readonly faults: FaultList
}

/** Undefined where the text has no such section. */
export function parseSection(
  text: string,
  { name, path, faults }: Place,
): ReadonlyMap<string, ParameterText> | undefined {
  let section: Map<string, ParameterText> | undefined
  let position = 0
  for (const raw of text.split('\n')) {
    position += 1
    const line = raw.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '')
    if (line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) {
      // The section that was wanted ends here.
      if (section !== undefined) return section
      if (line.startsWith(`[${name}]`)) section = new Map()
    } else if (section !== undefined) {
      const fault = readLine(line, section)
      if (fault !== undefined) {
        faults.add('service', `${fault} in service file ${shownPath(path)}, line ${position}`)
      }
    }
  }
  return section
}

/** Puts the line into the section, or says what is wrong with it. Quotes nothing of a value. */
function readLine(line: string, section: Map<string, ParameterText>): string | undefined {
  if (line.startsWith('ldap')) return 'LDAP lookup is not supported'
  const equals = line.indexOf('=')
  if (equals === -1) return 'syntax error'
  const name = line.slice(0, equals)
  if (name === 'service' || name === 'servicefile') {
    return `nested "${name}" specifications not supported`
  }
  if (parameterNamed(name, { isJdbc: false }) === undefined) return 'syntax error: unknown keyword'
  if (!section.has(name)) section.set(name, { value: line.slice(equals + 1), isQuotable: !isSecret(name) })
  return undefined
}

function readFile(path: string, files: UserFiles, faults: FaultList): string | undefined | 'failed' {
  try {
    return files.readText(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    faults.add('service', `service file ${shownPath(path)} cannot be read${code}`)
    return 'failed'
  }
}

/** A path is no secret, but one that came out of a mangled connection string may hold a piece of one. */
function shownPath(path: string): string {
  return /^[\w./~:\\ -]{1,200}$/.test(path) ? `"${path}"` : `of ${path.length} characters`
}
