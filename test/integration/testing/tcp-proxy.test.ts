import { once } from 'node:events'
import net from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { reservePorts } from '../../../src/testing/free-port.ts'
import { TcpProxy } from '../../../src/testing/tcp-proxy.ts'
import { failureOf } from './plain-client.ts'

const host = '127.0.0.1'
let release: () => void
let server: net.Server
let proxy: TcpProxy
let serve: (socket: net.Socket) => void

beforeEach(async () => {
  const { ports, release: releasePorts } = await reservePorts(2)
  release = releasePorts
  const [port = 0, targetPort = 0] = ports
  server = net.createServer({ allowHalfOpen: true }, (socket) => {
    // What is open at the end is reset.
    socket.on('error', () => {})
    serve(socket)
  })
  server.listen(targetPort, host)
  await once(server, 'listening')
  proxy = new TcpProxy({ host, port, targetPort })
  await proxy.admit()
})

afterEach(async () => {
  await proxy.close()
  server.close()
  release()
})

function connect(): net.Socket {
  return net.connect({ host, port: proxy.port, allowHalfOpen: true })
}

async function textOf(socket: net.Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  // Not by iteration, which destroys the socket at the end of one direction.
  await once(socket, 'end')
  return text
}

describe('the proxy', () => {
  test('passes a half-closed connection: an answer comes after the question has ended', async () => {
    serve = async (socket) => {
      socket.end(`heard ${await textOf(socket)}`)
    }
    const client = connect()
    client.end('hello')
    expect(await textOf(client)).toBe('heard hello')
  })

  test('passes a reset on', async () => {
    serve = (socket) => socket.once('data', () => socket.resetAndDestroy())
    const client = connect()
    client.write('hello')
    expect(await failureOf(once(client, 'end'))).toMatchObject({ code: 'ECONNRESET' })
  })

  test('resets a client when its server refuses although it was thought up', async () => {
    server.close()
    const client = connect()
    expect(await failureOf(once(client, 'end'))).toMatchObject({ code: 'ECONNRESET' })
  })

  test('keeps order when the delay shrinks under way', async () => {
    serve = async (socket) => {
      socket.end(await textOf(socket))
    }
    const client = connect()
    await once(client, 'connect')
    proxy.delay(100)
    client.write('first ')
    await new Promise((resolve) => setImmediate(resolve))
    proxy.delay(0)
    client.end('second')
    expect(await textOf(client)).toBe('first second')
  })

  test('stops reading in silence, so that the sender feels it, and loses nothing', async () => {
    const size = 32 << 20
    serve = async (socket) => {
      socket.end(String((await textOf(socket)).length))
    }
    const client = connect()
    await once(client, 'connect')
    await proxy.blackhole()
    client.end(Buffer.alloc(size))
    // What the kernel's buffers take leaves the socket; the rest waits in it.
    expect(client.writableLength).toBeGreaterThan(0)
    await proxy.heal()
    expect(await textOf(client)).toBe(String(size))
  })

  test('refuses while its server is down, and takes the same port again, however quick the change', async () => {
    serve = (socket) => socket.end('up')
    await proxy.refuse()
    expect(await failureOf(once(connect(), 'connect'))).toMatchObject({ code: 'ECONNREFUSED' })
    const changes = [proxy.admit(), proxy.refuse(), proxy.blackhole(), proxy.heal(), proxy.admit()]
    await Promise.all(changes)
    expect(await textOf(connect())).toBe('up')
  })
})

describe('reserved ports', () => {
  test('are never handed out twice while they are held', async () => {
    const reservations = await Promise.all(Array.from({ length: 20 }, () => reservePorts(4)))
    const ports = reservations.flatMap((reservation) => reservation.ports)
    expect(new Set(ports).size).toBe(80)
    for (const reservation of reservations) reservation.release()
  })
})
