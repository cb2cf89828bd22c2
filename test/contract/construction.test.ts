// What a pool is before it is used: its class, its options, what it shows of itself.
import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import pg from 'pg'
import { afterEach, expect, test, vi } from 'vitest'
import { contract, next } from './set-ups.ts'

contract('construction', ({ setUp }) => {
  const { open, create, login, url, environment } = setUp

  afterEach(() => {
    vi.unstubAllEnvs()
  })

  const database = async (pool: pg.Pool): Promise<unknown> =>
    (await pool.query('select current_database() as name')).rows[0]?.name

  test('is a pg.Pool and an event emitter by instanceof', () => {
    const pool = create()
    expect(pool).toBeInstanceOf(pg.Pool)
    expect(pool).toBeInstanceOf(EventEmitter)
  })

  test('has a class name that says Pool, by which libraries know one', () => {
    expect(create().constructor.name).toMatch(/Pool/)
  })

  test('cannot be called without new', () => {
    const poolClass = create().constructor as unknown as () => void
    expect(() => poolClass()).toThrow(TypeError)
  })

  test('takes no options at all and then reads the environment', async () => {
    for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value)
    expect(await database(create())).toBe('postgres')
  })

  test('takes an empty options object and then reads the environment', async () => {
    for (const [name, value] of Object.entries(environment())) vi.stubEnv(name, value)
    expect(await database(create({}))).toBe('postgres')
  })

  test('takes the login as options', async () => {
    expect(await database(create({ ...login(), database: 'template1' }))).toBe('template1')
  })

  test('takes the login as a connection string', async () => {
    expect(await database(create({ connectionString: url() }))).toBe('postgres')
  })

  test('takes options of the pool beside a connection string', async () => {
    const pool = create({ connectionString: url(), max: 1, application_name: 'beside' })
    const { rows } = await pool.query('show application_name')
    expect([rows[0]?.application_name, pool.options.max]).toEqual(['beside', 1])
  })

  test('reads session settings out of the connection string', async () => {
    const pool = create({ connectionString: `${url()}?application_name=from-url` })
    const { rows } = await pool.query('show application_name')
    expect(rows[0]?.application_name).toBe('from-url')
  })

  test('opens no connection before it is used', () => {
    const pool = open()
    expect([pool.totalCount, pool.idleCount, pool.waitingCount, pool.expiredCount]).toEqual([0, 0, 0, 0])
  })

  test('is neither ending nor ended at first', () => {
    const pool = open()
    expect([pool.ending, pool.ended]).toEqual([false, false])
  })

  test('shows its options with the defaults filled in', () => {
    expect(open().options).toMatchObject({
      max: 10,
      min: 0,
      maxUses: Number.POSITIVE_INFINITY,
      maxLifetimeSeconds: 0,
      allowExitOnIdle: false,
      idleTimeoutMillis: 10_000,
    })
  })

  test('shows the options that were given', () => {
    const given = { max: 3, min: 1, maxUses: 7, maxLifetimeSeconds: 60, idleTimeoutMillis: 5, user: 'me' }
    expect(open(given).options).toMatchObject(given)
  })

  test('takes poolSize for max', () => {
    const options = { poolSize: 4, application_name: 'any' }
    expect(open(options).options.max).toBe(4)
  })

  test('leaves the options object as it was', () => {
    const given = Object.freeze({ ...login(), max: 2 })
    create(given)
    expect(given).toEqual({ ...login(), max: 2 })
  })

  test('keeps its options when the object given is changed later', () => {
    const given = { ...login(), max: 2 }
    const pool = create(given)
    given.max = 5
    expect(pool.options.max).toBe(2)
  })

  test('hides the password from listing, inspection and JSON, and still has it', () => {
    const pool = open({ password: 'very-secret' })
    const shown = inspect(pool, { depth: 6 }) + JSON.stringify(pool.options)
    expect(shown).not.toContain('very-secret')
    expect(Object.keys(pool.options)).not.toContain('password')
    expect(pool.options.password).toBe('very-secret')
  })

  test('hides the TLS key from listing and inspection', () => {
    const pool = open({ ssl: { key: 'very-secret', ca: 'shown' } })
    expect(Object.keys(pool.options.ssl as object)).toEqual(['ca'])
    expect(inspect(pool, { depth: 6 })).not.toContain('very-secret')
  })

  test('hides the password in its clients as well', async () => {
    const pool = open()
    const client = await pool.connect()
    expect(Object.keys(client)).not.toContain('password')
    client.release()
  })

  test('offers the client class its clients are made of', async () => {
    const pool = open() as pg.Pool & { readonly Client: typeof pg.Client }
    const client = await pool.connect()
    expect(client).toBeInstanceOf(pool.Client)
    client.release()
  })

  test('hands session options on to the server', async () => {
    const pool = open({
      application_name: 'contract',
      statement_timeout: 4321,
      options: '-c work_mem=3MB',
    })
    const { rows } = await pool.query(
      "select current_setting('application_name') a, current_setting('statement_timeout') s, current_setting('work_mem') w",
    )
    expect(rows[0]).toEqual({ a: 'contract', s: '4321ms', w: '3MB' })
  })

  test('lets several pools live side by side', async () => {
    const [one, other] = [open({ max: 1 }), open({ max: 1 })]
    const removed = next(one, 'remove')
    await Promise.all([one.query('select 1'), other.query('select 1')])
    await one.end()
    await removed
    expect((await other.query('select 2 as two')).rows).toEqual([{ two: 2 }])
  })
})
