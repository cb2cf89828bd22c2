// A lab that is stopped while it starts must not be outlived by what was being started.
import { expect, test } from 'vitest'
import { Launches } from '../../lab/launches.ts'

test('closing waits for what is under way, and lets nothing new begin', async () => {
  const launches = new Launches()
  let finish = (): void => {}
  const seen: string[] = []
  const first = launches.run(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve
    })
    seen.push('started')
  })
  const closed = launches.close().then(() => seen.push('closed'))
  await expect(launches.run(async () => seen.push('late'))).rejects.toThrow('The lab is being stopped')
  finish()
  await Promise.all([first, closed])
  expect(seen).toEqual(['started', 'closed'])
})

test('a start that fails does not keep the door open, and a lab can be started again', async () => {
  const launches = new Launches()
  const failed = launches.run(() => Promise.reject(new Error('no')))
  await Promise.all([expect(failed).rejects.toThrow('no'), launches.close()])
  launches.open()
  expect(await launches.run(async () => 1)).toBe(1)
})
