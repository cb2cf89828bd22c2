// Sequelize: it makes its clients itself, of `dialectModule`. Ours lends it those of a Pool; its `replication` chooses which.
//   node --import tsx sequelize.ts
import { Pool } from 'pg-ha'
import { dialectModule } from 'pg-ha/sequelize'
import { DataTypes, QueryTypes, Sequelize } from 'sequelize'
import { throughFailover } from './through-failover.ts'

const DAY = '2001-02-03'

interface NoteRow {
  readonly id: number
  readonly day: string
}

await throughFailover(async (connectionString) => {
  const pool = new Pool({ connectionString })
  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: dialectModule(pool),
    replication: { write: { host: 'primary' }, read: [{ host: 'standby' }] },
    logging: false,
  })
  const Note = sequelize.define(
    'note',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, day: DataTypes.DATEONLY },
    { timestamps: false },
  )
  await sequelize.sync()

  return {
    write: (id) => sequelize.transaction((transaction) => Note.create({ id, day: DAY }, { transaction })),
    async readsStandby() {
      const rows = await sequelize.query<{ standby: boolean }>('select pg_is_in_recovery() as standby', {
        type: QueryTypes.SELECT,
      })
      return rows[0]?.standby === true
    },
    async kept() {
      const notes = (await Note.findAll({ useMaster: true, raw: true })) as unknown as NoteRow[]
      // Sequelize reads values in its own way: pg would make a Date of it.
      if (notes.some(({ day }) => day !== DAY)) throw new Error(`A day was read as ${notes[0]?.day}`)
      return notes.map(({ id }) => id)
    },
    async end() {
      await sequelize.close()
      await pool.end()
    },
  }
})
