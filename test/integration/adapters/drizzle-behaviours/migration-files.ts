// The files that Drizzle's migrator reads.
import { mkdir, writeFile } from 'node:fs/promises'

interface Files {
  readonly folder: string
  /** When the first of them was made. */
  readonly since?: number
}

/** As drizzle-kit writes them: a file for each of these statements. */
export async function writeMigrations(
  { folder, since = 1000 }: Files,
  ...statements: string[]
): Promise<string> {
  await mkdir(`${folder}/meta`, { recursive: true })
  const entries = statements.map((_, idx) => ({
    idx,
    version: '7',
    when: since + idx,
    tag: `${idx}`,
    breakpoints: true,
  }))
  await writeFile(
    `${folder}/meta/_journal.json`,
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  )
  await Promise.all(statements.map((statement, idx) => writeFile(`${folder}/${idx}.sql`, statement)))
  return folder
}
