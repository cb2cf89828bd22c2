// What configuration wants to know of files: injected, as this room opens none.

export interface UserFiles {
  /** libpq's own files of this user, undefined where there is no home: they need not exist. */
  readonly serviceFile: string | undefined
  readonly passwordFile: string | undefined
  readonly rootCertificate: string | undefined
  /** The content as text, or undefined where there is no such file; throws as Node does for what cannot be read. */
  readText(path: string): string | undefined
  exists(path: string): boolean
}

export const NO_FILES: UserFiles = {
  serviceFile: undefined,
  passwordFile: undefined,
  rootCertificate: undefined,
  readText: () => undefined,
  exists: () => false,
}
