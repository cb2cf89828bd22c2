// TypeORM: `driver` gives it our Pool in place of pg's, `extra` the pool's options. Its own `url` takes one host only.
//   node --import tsx typeorm.ts
import pg from 'pg'
import { Pool, type PoolOptions } from 'pg-ha'
import { DataSource, EntitySchema } from 'typeorm'
import { throughFailover } from './through-failover.ts'

const Note = new EntitySchema<{ id: number; text: string }>({
  name: 'note',
  columns: { id: { type: 'integer', primary: true }, text: { type: 'text' } },
})

await throughFailover(async (connectionString) => {
  const extra: PoolOptions = { connectionString, readWriteSplitting: 'auto' }
  const dataSource = new DataSource({
    type: 'postgres',
    driver: { ...pg, Pool },
    extra,
    entities: [Note],
    synchronize: true,
  })
  await dataSource.initialize()

  return {
    write: (id) =>
      dataSource.transaction((entities) => entities.getRepository(Note).insert({ id, text: 'TypeORM' })),
    async readsStandby() {
      const [row] = await dataSource.query<{ onStandby: boolean }[]>(
        'select pg_is_in_recovery() as "onStandby" from note limit 1',
      )
      return row?.onStandby === true
    },
    async kept() {
      // In a transaction, so that it is not read from a standby that is behind.
      const rows = await dataSource.transaction((entities) => entities.getRepository(Note).find())
      return rows.map(({ id }) => id)
    },
    end: () => dataSource.destroy(),
  }
})
