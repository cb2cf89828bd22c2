// The REST client against a small server that answers as Patroni 3 does, over http and https.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { Patroni, type PatroniOptions } from '../../../src/monitoring/patroni.ts'
import { readCluster, readPrimary } from '../../../src/monitoring/patroni-answer.ts'
import { leaderOf, type ManagerAnswer } from '../../../src/topology/manager-word.ts'

const CLUSTER = {
  members: [
    { name: 'n1', role: 'replica', state: 'streaming', host: '10.0.0.1', port: 5432, timeline: 7, lag: 0 },
    { name: 'n2', role: 'leader', state: 'running', host: '10.0.0.2', port: 5433, timeline: 8 },
    { name: 'n3', role: 'sync_standby', state: 'streaming', host: '10.0.0.3', timeline: 'unknown' },
    { name: 'n4', role: 'novelty', host: '10.0.0.4', port: 5432 },
    { name: 'no host' },
    'nothing',
  ],
  scheduled_switchover: { at: '2030-01-01T00:00:00+00:00', from: 'n2', to: 'n1' },
}
const PRIMARY = { state: 'running', role: 'master', dcs_last_seen: 1_700_000_000, patroni: { name: 'n2' } }
const DATE = new Date(1_700_000_004_000).toUTCString()

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const answering: RequestListener = (request, response) => {
  response.setHeader('date', DATE)
  if (request.url?.endsWith('/cluster')) response.end(JSON.stringify(CLUSTER))
  else if (request.url?.endsWith('/primary')) response.end(JSON.stringify(PRIMARY))
  else response.writeHead(404).end()
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push({
    close: () => {
      server.closeAllConnections()
      return once(server.close(), 'close')
    },
  })
  return (server.address() as AddressInfo).port
}

function patroni(url: string, options: Partial<PatroniOptions> = {}): Patroni {
  const client = new Patroni({ url, timeoutMillis: 2000, clock: () => 5, ...options })
  open.push(client)
  return client
}

describe('a Patroni agent', () => {
  test('says who the leader is, whether it holds the lock itself, and how fresh its word is', async () => {
    const url = `http://127.0.0.1:${await listening(createServer(answering))}`
    const client = patroni(url)
    const answer = (await client.probe()) as ManagerAnswer
    expect(answer).toMatchObject({
      kind: 'managerAnswer',
      agent: url,
      askedAtMillis: 5,
      member: 'n2',
      holdsLock: true,
      isPaused: false,
      storeAgeMillis: 4000,
      switchover: { at: '2030-01-01T00:00:00+00:00', from: 'n2', to: 'n1' },
    })
    expect(leaderOf(answer)).toEqual({
      ...{ name: 'n2', host: '10.0.0.2', port: 5433, role: 'leader', isSynchronous: false },
      ...{ state: 'running', timeline: 8 },
    })
    expect(answer.members.map(({ role, port }) => [role, port])).toEqual([
      ['replica', 5432],
      ['leader', 5433],
      ['replica', 5432],
      ['other', 5432],
    ])
    expect(Object.isFrozen(answer)).toBe(true)
  })

  test('is asked below a path, over the same connections again', async () => {
    let connections = 0
    const server = createServer(answering).on('connection', () => {
      connections += 1
    })
    const client = patroni(`http://127.0.0.1:${await listening(server)}/behind/a/proxy`)
    for (let i = 0; i < 3; i++) expect((await client.probe()).kind).toBe('managerAnswer')
    expect(connections).toBeLessThanOrEqual(2)
  })

  test('is given a name and a password, which no failure repeats', async () => {
    const seen = new Set<string | undefined>()
    const server = createServer((request, response) => {
      seen.add(request.headers.authorization)
      response.writeHead(401).end('no')
    })
    const url = `http://127.0.0.1:${await listening(server)}`
    const failure = await patroni(url, { username: 'watcher', password: 'geheim' }).probe()
    expect([...seen]).toEqual([`Basic ${Buffer.from('watcher:geheim').toString('base64')}`])
    expect(failure).toMatchObject({ kind: 'managerFailure', agent: url })
    expect(JSON.stringify(failure)).not.toContain('geheim')
    expect((failure as { message: string }).message).toContain('401')
  })

  test('is asked over https with an authority of its own, and not without', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pg-ha-patroni-'))
    open.push({ close: () => rmSync(folder, { recursive: true }) })
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name)) as [string, string]
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        key,
        '-out',
        cert,
        '-days',
        '2',
        ...subject,
      ],
      { stdio: 'ignore' },
    )
    const ca = readFileSync(cert)
    const server = createTlsServer({ key: readFileSync(key), cert: ca }, answering)
    const url = `https://127.0.0.1:${await listening(server)}`
    expect((await patroni(url, { ca }).probe()).kind).toBe('managerAnswer')
    expect(await patroni(url).probe()).toMatchObject({
      kind: 'managerFailure',
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  })

  test.each([
    ['refuses', 'http://127.0.0.1:1', 'ECONNREFUSED'],
    ['has no address', 'http://nowhere.invalid:8008', undefined],
  ])('that %s is a failure as a value', async (_, url, code) => {
    const failure = await patroni(url).probe()
    expect(failure).toMatchObject({ kind: 'managerFailure', ...(code === undefined ? {} : { code }) })
  })

  test('that stays silent is given up at the deadline', async () => {
    const url = `http://127.0.0.1:${await listening(createServer(() => {}))}`
    const failure = await patroni(url, { timeoutMillis: 30, clock: () => performance.now() }).probe()
    expect(failure).toMatchObject({ kind: 'managerFailure', code: 'ETIMEDOUT' })
  })

  test.each(['no JSON', '[]', '{"members":3}', 'x'.repeat(1_000_001)])(
    'that answers what is no cluster is a failure (%#)',
    async (text) => {
      const url = `http://127.0.0.1:${await listening(createServer((_, response) => response.end(text)))}`
      expect((await patroni(url).probe()).kind).toBe('managerFailure')
    },
  )

  test('that is closed in the middle of a look fails it', async () => {
    const url = `http://127.0.0.1:${await listening(createServer(() => {}))}`
    const client = patroni(url)
    const asking = client.probe()
    client.close()
    expect((await asking).kind).toBe('managerFailure')
  })
})

describe('what Patroni says', () => {
  test('the lock is held, is not, or nobody knows', () => {
    const read = (status: number, text = '{}', date?: string) => readPrimary(status, { text, date })
    expect(read(200).holdsLock).toBe(true)
    expect(read(503).holdsLock).toBe(false)
    expect(read(502, '<html>').holdsLock).toBeNull()
    expect(read(200, '{"dcs_last_seen":1700000009}', DATE).storeAgeMillis).toBe(0)
    expect(read(200, '{"dcs_last_seen":1700000009}').storeAgeMillis).toBeNull()
    expect(read(200, '{"dcs_last_seen":"x"}', DATE).storeAgeMillis).toBeNull()
    expect(read(200, '{"patroni":[]}').member).toBeNull()
  })

  test('the older word for the leader counts, the leader of a standby cluster does not', () => {
    const roles = ['master', 'primary', 'standby_leader', 'quorum_standby', 'replica']
    const members = roles.map((role) => ({ name: role, host: 'h', role, state: 'running' }))
    const read = readCluster(JSON.stringify({ members, pause: true }))
    expect(read?.members.map((member) => member.role)).toEqual([
      ...['leader', 'leader', 'standbyLeader', 'replica', 'replica'],
    ])
    expect(read).toMatchObject({ isPaused: true, switchover: null })
    expect(readCluster(JSON.stringify({ members: [], scheduled_switchover: {} }))?.switchover).toEqual({
      ...{ at: null, from: null, to: null },
    })
  })
})
