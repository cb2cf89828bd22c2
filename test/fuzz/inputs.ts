// Texts for the parsers, from a seed: strings of each dialect built of what matters to it, bent ones, and noise. Some hold a
// password in a place where passwords stand, written well or badly.

export interface FuzzInput {
  readonly kind: 'connectionString' | 'service' | 'password' | 'host'
  readonly text: string
  /** Whether SECRET_HEAD and SECRET_MIDDLE stand in the text as parts of a password. */
  readonly isSecret: boolean
}

/** No parser's own words hold these. */
export const SECRET_HEAD = 'Zq7'
export const SECRET_MIDDLE = 'xW9'

const NOISE = [...'@:/?#[]%,&=+ ab1\'"\\\t\n2.-_~é€\0']
const NAMES = [
  ...[
    'host',
    'hostaddr',
    'port',
    'user',
    'password',
    'dbname',
    'sslmode',
    'ssl',
    'options',
    'service',
    'passfile',
  ],
  ...[
    'target_session_attrs',
    'targetServerType',
    'loadBalanceHosts',
    'connect_timeout',
    'max',
    'require_auth',
  ],
  ...[
    'PGHOST',
    'PGPORT',
    'PGDBNAME',
    'currentSchema',
    'prepareThreshold',
    'hots',
    'monitorPassword',
    'sslpassword',
  ],
]
const VALUES = [
  ...[
    'h',
    'h1,h2',
    '5432',
    '5432,5433',
    '0',
    '-1',
    'true',
    'false',
    'require',
    'verify-full',
    '',
    '1',
    'a b',
    'a=b',
  ],
  ...[
    'a&b',
    '%20',
    '%2C',
    '%',
    '%zz',
    '%00',
    '%ff',
    '%c3%a9',
    'é',
    '[::1]',
    '/tmp',
    '@abc',
    "it's",
    "'q'",
    '\\',
  ],
  ...['postgres://u:p@h9/db', 'host=h2', '+', '#', '::', '\t', ' ', 'primary', 'standby', 'random', 'system'],
]
const HOSTS = [
  '',
  'h',
  'h1',
  '[::1]',
  '[fe80::1%25eth0]',
  '%2Ftmp',
  '127.0.0.1',
  '[',
  ']',
  '[]',
  'h%2Ch2',
  ' h ',
]
const PORTS = ['', '', ':5432', ':', ':x', ':0', ':%31', ':99999', '::1']

export class FuzzInputs {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  next(): FuzzInput {
    const draw = this.#random()
    if (draw < 0.06) return { kind: 'service', text: this.#lines(), isSecret: false }
    if (draw < 0.12) return { kind: 'password', text: this.#lines(), isSecret: false }
    if (draw < 0.16) return { kind: 'host', text: this.#piece(), isSecret: false }
    if (draw < 0.4) return { kind: 'connectionString', text: this.#withSecret(), isSecret: true }
    const text = this.#pick([
      () => this.#uri(),
      () => this.#conninfo(),
      () => this.#jdbc(),
      () => this.#noise(40),
    ])()
    const isBent = this.#random() < 0.4
    return { kind: 'connectionString', text: isBent ? this.#bent(text) : text, isSecret: false }
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)] as T
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }

  #noise(most: number): string {
    return Array.from({ length: this.#below(most + 1) }, () => this.#pick(NOISE)).join('')
  }

  #piece(): string {
    return this.#random() < 0.7 ? this.#pick(VALUES) : this.#noise(6)
  }

  #hosts(): string {
    const count = this.#pick([0, 1, 1, 1, 2, 2, 3])
    return Array.from({ length: count }, () => this.#pick(HOSTS) + this.#pick(PORTS)).join(',')
  }

  #query(): string {
    if (this.#random() < 0.4) return ''
    const pieces = Array.from({ length: this.#below(4) }, () => {
      return this.#pick(NAMES) + this.#pick(['=', '=', '=', '', '==']) + this.#piece()
    })
    return `?${pieces.join('&')}`
  }

  #userinfo(): string {
    if (this.#random() < 0.5) return ''
    return this.#piece() + this.#pick(['', ':', `:${this.#piece()}`]) + this.#pick(['@', '@', '@@', ''])
  }

  #uri(): string {
    const scheme = this.#pick([
      'postgres://',
      'postgresql://',
      'postgresql://',
      'POSTGRES://',
      'postgres:/',
      'socket:',
    ])
    return `${scheme}${this.#userinfo()}${this.#hosts()}${this.#pick(['', '/', `/${this.#piece()}`, '//'])}${this.#query()}`
  }

  #jdbc(): string {
    const prefix = this.#pick([
      'jdbc:postgresql://',
      'jdbc:postgresql://',
      'jdbc:postgresql:',
      'JDBC:postgresql://',
      'jdbc:',
    ])
    return `${prefix}${this.#hosts()}${this.#pick(['', '/', `/${this.#piece()}`, '//'])}${this.#query()}`
  }

  #conninfo(): string {
    const pairs = Array.from({ length: this.#below(5) }, () => {
      const value = this.#piece()
      const written = this.#pick([
        value,
        value,
        `'${value}'`,
        `'${value.replace(/[\\']/g, '\\$&')}'`,
        `'${value}`,
      ])
      return this.#pick(NAMES) + this.#pick(['=', '=', ' = ', '']) + written
    })
    return this.#pick(['', ' ']) + pairs.join(this.#pick([' ', ' ', '\n', '']))
  }

  #lines(): string {
    const line = (): string =>
      this.#pick([
        `[${this.#piece()}]`,
        '[orders]',
        '#',
        `${this.#pick(NAMES)}=${this.#piece()}`,
        this.#noise(20),
        'h:*:a\\:b:*:p',
      ])
    return Array.from({ length: this.#below(6) }, line).join(this.#pick(['\n', '\r\n']))
  }

  #bent(text: string): string {
    let bent = text
    for (let times = 1 + this.#below(3); times > 0; times -= 1) {
      const at = this.#below(bent.length + 1)
      const cut = this.#pick([0, 0, 1, 1, this.#below(8)])
      bent =
        bent.slice(0, at) + this.#pick([this.#pick(NOISE), '', this.#pick(VALUES)]) + bent.slice(at + cut)
    }
    return bent
  }

  #withSecret(): string {
    const secret =
      SECRET_HEAD + this.#noise(4).replaceAll('\0', '') + SECRET_MIDDLE + this.#noise(4).replaceAll('\0', '')
    const text = this.#pick([secret, encodeURIComponent(secret), encodeURI(secret)])
    const quoted = `'${secret.replace(/[\\']/g, '\\$&')}'`
    return this.#pick([
      `postgres://app:${text}@${this.#hosts()}/db${this.#query()}`,
      `postgres://app:${text}@h1:0/db`,
      `postgres://app:${text}@h1:5432,h2:x/db?max=z`,
      `postgres://app:${text}@[::1/db`,
      `postgres://h1:0/db?password=${text}`,
      `postgres://h1,h2/db?user=a&password=${text}&pasword=x`,
      `postgres://h1,h2/db?monitorPassword=${text}&balancer=x`,
      `jdbc:postgresql://app:${text}@h1/db`,
      `jdbc:postgresql://h1:0/db?user=a&password=${text}&targetServerType=x`,
      `host=h1 port=0 password=${quoted} max=x`,
      `host=h1 password=${text}`,
      `host=h1,h2 password=${text} hots=x`,
      `mysql://app:${text}@h1/db`,
      `socket://app:${text}@/some/path?x=y`,
    ])
  }
}
