// Hands out TCP ports on 127.0.0.1 that stay ours while nothing listens on them. Knows nothing of what listens.
//
// A node that is down leaves its port unbound, and another cluster on the machine could take it. So ports come in
// blocks below the range systems use for outgoing connections, and a block is held by listening on its first port.

import net from 'node:net'

export interface ReservedPorts {
  readonly ports: readonly number[]
  release(): void
}

const loopback = '127.0.0.1'
const firstPort = 15000
const blockSize = 32
const blockCount = 550

/** The most ports one reservation can hold. */
export const maxReservedPorts = blockSize - 2

export async function reservePorts(count: number): Promise<ReservedPorts> {
  const start = Math.floor(Math.random() * blockCount)
  for (let offset = 0; offset < blockCount; offset++) {
    const lockPort = firstPort + ((start + offset) % blockCount) * blockSize
    const lock = await tryListen(lockPort)
    if (lock === undefined) continue
    const ports = await freePorts(lockPort + 1, lockPort + blockSize, count)
    if (ports.length === count) return { ports, release: () => void lock.close() }
    lock.close()
  }
  throw new Error(
    `No ${count} free ports on ${loopback} between ${firstPort} and ${firstPort + blockCount * blockSize}`,
  )
}

async function freePorts(from: number, to: number, count: number): Promise<number[]> {
  const free: number[] = []
  for (let port = from; port < to && free.length < count; port++) {
    const server = await tryListen(port)
    if (server === undefined) continue
    server.close()
    free.push(port)
  }
  return free
}

function tryListen(port: number): Promise<net.Server | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen({ host: loopback, port, exclusive: true }, () => {
      server.unref()
      resolve(server)
    })
  })
}
