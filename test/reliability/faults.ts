// What is done to the cluster in a round. Each fault leaves one primary and two streaming standbys behind.
import type { Cluster, ClusterNode, Direction } from '../../src/testing/index.ts'
import { pick } from '../support/seeded-random.ts'

export interface Scene {
  readonly cluster: Cluster
  readonly random: () => number
  /** Resolves when a write that was begun from now on has been acknowledged. */
  served(): Promise<void>
  /** Takes a node out of service, as its operator would before a switchover. */
  drain(node: ClusterNode): Promise<void>
}

export type Fault = (scene: Scene) => Promise<void>

async function promoteNext({ cluster }: Scene): Promise<void> {
  await (await cluster.mostAdvancedStandby()).promote()
}

/** The primary falls silent, that way, and a successor is made; it is back afterwards. */
function silenced(direction: Direction): Fault {
  return async (scene) => {
    const old = scene.cluster.primary
    await old.blackhole(direction)
    await promoteNext(scene)
    await scene.served()
    await old.heal()
    await old.rejoin()
  }
}

/** The primary's line fails for less than it takes to make a successor. */
function interrupted(direction: Direction): Fault {
  return async ({ cluster, served, random }) => {
    await cluster.primary.blackhole(direction)
    await new Promise<void>((resolve) => {
      // A length of the fault, not a wait for its effect.
      const millis = 20 + random() * 600
      setTimeout(resolve, millis)
    })
    await cluster.primary.heal()
    await served()
  }
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  async kill(scene) {
    const old = scene.cluster.primary
    await old.kill()
    await promoteNext(scene)
    await scene.served()
    await old.rejoin()
  },
  async switchover(scene) {
    const old = scene.cluster.primary
    await scene.drain(old)
    await old.stop({ mode: 'fast' })
    await promoteNext(scene)
    await old.startAsStandby(scene.cluster.primary)
    await old.waitUntilStreaming()
  },
  async 'fast stop'(scene) {
    const old = scene.cluster.primary
    await old.stop({ mode: 'fast' })
    await promoteNext(scene)
    // A fast stop leaves nothing unsent: the old primary can follow with the data it has.
    await old.startAsStandby(scene.cluster.primary)
    await old.waitUntilStreaming()
  },
  async 'immediate stop'(scene) {
    const old = scene.cluster.primary
    await old.stop({ mode: 'immediate' })
    await promoteNext(scene)
    await old.rejoin()
  },
  async pause(scene) {
    const old = scene.cluster.primary
    await old.pause()
    await promoteNext(scene)
    await scene.served()
    await old.resume()
    await old.rejoin()
  },
  blackhole: silenced('both'),
  'answers lost': silenced('toClient'),
  'questions lost': silenced('toServer'),
  'line interrupted': interrupted('both'),
  'answers interrupted': interrupted('toClient'),
  'questions interrupted': interrupted('toServer'),
  async 'dual primary'(scene) {
    const old = scene.cluster.primary
    await promoteNext(scene)
    await scene.served()
    await old.rejoin()
  },
  async restart({ cluster }) {
    await cluster.primary.kill()
    await cluster.primary.start()
  },
  async 'stale primary returns'(scene) {
    const old = scene.cluster.primary
    await old.kill()
    await promoteNext(scene)
    await scene.served()
    await old.start()
    await scene.served()
    await old.rejoin()
  },
  async 'death of a standby'({ cluster, random, served }) {
    const standby = pick(cluster.standbys, random)
    await standby.kill()
    await served()
    await standby.start()
  },
  async 'reset of every connection'({ cluster }) {
    for (const node of cluster.nodes) await node.reset()
  },
}
