// What lies between clients and servers: delays, one-way and two-way cuts, messages that wait as TCP would keep them.
import type { VirtualTime } from './virtual-time.ts'

interface Link {
  isCutThere: boolean
  isCutBack: boolean
  delayMillis: number
  waiting: { readonly way: 'there' | 'back'; readonly deliver: () => void }[]
}

export class Network {
  readonly #time: VirtualTime
  readonly #links = new Map<string, Link>()

  constructor(time: VirtualTime) {
    this.#time = time
  }

  link(client: number, server: number): Link {
    const name = `${client}>${server}`
    let link = this.#links.get(name)
    if (link === undefined) {
      link = { isCutThere: false, isCutBack: false, delayMillis: 1, waiting: [] }
      this.#links.set(name, link)
    }
    return link
  }

  /** Delivers after the delay, or when the cut is mended. */
  send(link: Link, way: 'there' | 'back', deliver: () => void): void {
    this.#time.after(link.delayMillis, () => {
      if (way === 'there' ? link.isCutThere : link.isCutBack) link.waiting.push({ way, deliver })
      else deliver()
    })
  }

  mend(link: Link): void {
    link.isCutThere = false
    link.isCutBack = false
    const { waiting } = link
    link.waiting = []
    for (const { way, deliver } of waiting) this.send(link, way, deliver)
  }

  mendAll(): void {
    for (const link of this.#links.values()) {
      link.delayMillis = 1
      this.mend(link)
    }
  }
}
