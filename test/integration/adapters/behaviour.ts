// What a behaviour is that a library shows over connections of its own and has to show over ours.

export interface Behaviour<SetUp> {
  readonly title: string
  run(setUp: SetUp): Promise<unknown>
  /** What `run` resolves to, with the original as with ours. */
  readonly gives: unknown
}

export interface Failure {
  readonly name: string
  readonly message: string
  /** Of the driver's error, where that is the cause of this one. */
  readonly code?: unknown
}

/** What a promise rejects with, or that it does not. */
export async function failure(work: PromiseLike<unknown>): Promise<Failure | string> {
  try {
    await work
    return 'did not fail'
  } catch (error) {
    const { name, message, cause, code } = error as Failure & { cause?: { code?: unknown } }
    return { name, message, code: cause?.code ?? code }
  }
}
