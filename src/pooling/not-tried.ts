// No connection was asked of the server, or not by this request: nothing was sent, and a node is to be chosen anew.

export class NotTriedError extends Error {
  /** What its request should be told in the end, if no other try gets further. */
  readonly reason: Error

  constructor(message: string, reason?: Error) {
    super(message)
    this.reason = reason ?? this
  }
}
