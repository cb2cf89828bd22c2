// A reset must close its socket in every state: Node loses one that it cannot reset, and the process never ends.
import { once } from 'node:events'
import net from 'node:net'
import { expect, test } from 'vitest'
import { resetSocket } from '../../../src/testing/proxy-lane.ts'

async function closedBy(hurt: (socket: net.Socket) => void): Promise<{ errors: readonly unknown[] }> {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const client = net.connect(port, '127.0.0.1')
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  const errors: unknown[] = []
  socket.on('error', (error) => errors.push(error))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  hurt(socket)
  await closed
  client.destroy()
  server.close()
  return { errors }
}

test('an open connection is reset', async () => {
  expect(await closedBy((socket) => resetSocket(socket))).toEqual({ errors: [] })
})

test('one whose orderly end is on its way is closed instead', async () => {
  const ended = await closedBy((socket) => {
    socket.end()
    resetSocket(socket)
  })
  expect(ended).toEqual({ errors: [] })
})
