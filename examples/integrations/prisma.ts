// Prisma: @prisma/adapter-pg takes a Pool. Its client is generated first: npx prisma generate
//   node --import tsx prisma.ts
import { PrismaPg } from '@prisma/adapter-pg'
import { Pool } from 'pg-ha'
import { PrismaClient } from './generated/client.ts'
import { throughFailover } from './through-failover.ts'

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  const replica = new PrismaClient({ adapter: new PrismaPg(pool.read) })
  await prisma.$executeRaw`create table notes (id int primary key, text text not null)`

  return {
    write: (id) =>
      prisma.$transaction(async (tx) => {
        await tx.note.create({ data: { id, text: 'Prisma' } })
      }),
    async readsStandby() {
      const [row] = await replica.$queryRaw<{ standby: boolean }[]>`select pg_is_in_recovery() as standby`
      return row?.standby === true
    },
    async kept() {
      return (await prisma.note.findMany({ select: { id: true } })).map(({ id }) => id)
    },
    async end() {
      await replica.$disconnect()
      await prisma.$disconnect()
      await pool.end()
    },
  }
})
