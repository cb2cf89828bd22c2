// Waits that end: by the condition, or by an error that says what was waited for. Knows nothing of PostgreSQL.

export interface Deadline {
  /** What is waited for; the error says "<what> took longer than <millis> ms". */
  readonly what: string
  readonly millis: number
}

const pollMillis = 4

/** Polls until the condition holds. Its own exceptions pass through; rejects when the deadline is over. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  deadline: Deadline,
): Promise<void> {
  const giveUpAt = performance.now() + deadline.millis
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw overdue(deadline)
    await new Promise((resolve) => setTimeout(resolve, pollMillis))
  }
}

/** The promise's own outcome, or a rejection when the deadline is over. Keeps the process alive meanwhile. */
export async function withDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const alarm = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(overdue(deadline)), deadline.millis)
  })
  try {
    return await Promise.race([work, alarm])
  } finally {
    clearTimeout(timer)
  }
}

function overdue({ what, millis }: Deadline): Error {
  return new Error(`${what} took longer than ${millis} ms`)
}
