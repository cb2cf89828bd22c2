// One text through every parser that takes it: each reads it or refuses it with a ConfigError that shows no password.
import { inspect } from 'node:util'
import { FaultList } from '../../src/config/fault-list.ts'
import { findPassword } from '../../src/config/passfile.ts'
import { redact } from '../../src/config/redact.ts'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { parseSection } from '../../src/config/service-file.ts'
import { ConfigError } from '../../src/errors.ts'
import { parseConnectionString } from '../../src/parse-connection-string.ts'
import { type FuzzInput, SECRET_HEAD, SECRET_MIDDLE } from './inputs.ts'

export interface Outcome {
  /** What is wrong with a parser; undefined: nothing. */
  readonly fault: string | undefined
  readonly isRefused: boolean
}

/** Each parser's work on the text; what it returns is shown to people. */
export type Parser = (text: string) => string
type Parsers = Readonly<Record<FuzzInput['kind'], Readonly<Record<string, Parser>>>>

const SOUND: Outcome = { fault: undefined, isRefused: false }

export function checkInput(input: FuzzInput, parsers: Partial<Parsers> = PARSERS): Outcome {
  let isRefused = false
  for (const [name, parser] of Object.entries(parsers[input.kind] ?? {})) {
    const { shown, refused, crash } = run(parser, input.text)
    if (crash !== undefined) return { fault: `${name} crashed: ${crash}`, isRefused }
    isRefused ||= refused
    const leaked = input.isSecret && [SECRET_HEAD, SECRET_MIDDLE].find((piece) => shown.includes(piece))
    if (leaked) return { fault: `${name} shows a piece of the password: ${shown}`, isRefused }
  }
  return isRefused ? { fault: undefined, isRefused } : SOUND
}

const PARSERS: Parsers = {
  connectionString: {
    parseConnectionString: (text) => {
      parseConnectionString(text, { env: {} })
      return ''
    },
    Pool: (text) => {
      const { poolOptions, monitorPassword, ...shown } = resolveSettings({ connectionString: text }, {})
      // What was read is not shown to anybody: only notices are.
      return shown.notices.join()
    },
    redact,
  },
  service: {
    parseSection: (text) => {
      const faults = new FaultList()
      parseSection(text, { name: 'orders', path: '/etc/pg_service.conf', faults })
      faults.throwIfAny()
      return ''
    },
  },
  password: {
    findPassword: (text) => {
      findPassword(text, { host: 'h', port: 5432, database: 'a:b', user: 'u' })
      return ''
    },
  },
  host: {
    Pool: (text) => {
      resolveSettings({ host: text, port: text, hostaddr: text, require_auth: text }, {})
      return ''
    },
  },
}

function run(parser: Parser, text: string): { shown: string; refused: boolean; crash?: string } {
  try {
    return { shown: parser(text), refused: false }
  } catch (error) {
    if (!(error instanceof ConfigError)) return { shown: '', refused: true, crash: inspect(error) }
    return { shown: `${error.message} ${JSON.stringify(error.faults)} ${error.stack}`, refused: true }
  }
}
