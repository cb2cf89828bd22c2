// Where the parts of a libpq URI stand, before any of them is decoded. Knows no parameter.

/** From `from` up to, not including, `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface UriOutline {
  readonly user: Span | undefined
  readonly password: Span | undefined
  readonly hosts: readonly Span[]
  /** As many as hosts; empty where there is none. */
  readonly ports: readonly Span[]
  readonly dbname: Span | undefined
  readonly query: Span | undefined
}

/** Takes a fault and the index in the text where it is. */
export type RefuseAt = (message: string, index: number) => void

export interface OutlineOptions {
  /** The index behind the scheme. */
  readonly start: number
  /** The index of the '@' that ends user and password; undefined: there are none. */
  readonly at: number | undefined
  readonly refuse: RefuseAt
}

/** Goes on behind a fault as far as the text makes sense. */
export function outlineUri(text: string, { start, at, refuse }: OutlineOptions): UriOutline {
  const hosts: Span[] = []
  const ports: Span[] = []
  let index = at === undefined ? start : at + 1
  for (;;) {
    const host = hostSpan(text, index, refuse)
    hosts.push(host.span)
    index = host.next
    const port = text[index] === ':' ? { from: index + 1, to: next(text, index + 1, '/?,') } : undefined
    ports.push(port ?? { from: index, to: index })
    index = port?.to ?? index
    if (text[index] !== ',') break
    index += 1
  }
  const pathEnd = next(text, index, '?')
  return {
    ...userSpans(text, start, at),
    hosts,
    ports,
    dbname: text[index] === '/' ? { from: index + 1, to: pathEnd } : undefined,
    query: pathEnd < text.length ? { from: pathEnd + 1, to: text.length } : undefined,
  }
}

function userSpans(
  text: string,
  start: number,
  at: number | undefined,
): Pick<UriOutline, 'user' | 'password'> {
  if (at === undefined) return { user: undefined, password: undefined }
  const colon = Math.min(next(text, start, ':'), at)
  return { user: { from: start, to: colon }, password: { from: Math.min(colon + 1, at), to: at } }
}

function hostSpan(text: string, from: number, refuse: RefuseAt): { span: Span; next: number } {
  if (text[from] !== '[') {
    const to = next(text, from, ':/?,')
    return { span: { from, to }, next: to }
  }
  const to = next(text, from, ']')
  if (to === text.length) {
    refuse('end of string reached when looking for matching "]" in IPv6 host address in URI', from)
    return { span: { from, to: from }, next: to }
  }
  if (to === from + 1) refuse('IPv6 host address may not be empty in URI', from)
  const end = next(text, to + 1, ':/?,')
  if (end > to + 1) refuse('unexpected character in URI (expected ":" or "/")', to + 1)
  return { span: { from: from + 1, to }, next: end }
}

/** The index of the first of `characters` from `from` on, else the length of the text. */
export function next(text: string, from: number, characters: string): number {
  let index = from
  while (index < text.length && !characters.includes(text.charAt(index))) index += 1
  return index
}
