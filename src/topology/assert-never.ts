// Closes a switch over a union: the compiler refuses a missing case, a value from outside the types fails loudly.

export function assertNever(value: never): never {
  throw new Error(`Unexpected value: ${JSON.stringify(value)}`)
}
