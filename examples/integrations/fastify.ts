// Fastify: @fastify/postgres makes its pool of the class it is given; the options beside it are the pool's.
//   node --import tsx fastify.ts
import postgres from '@fastify/postgres'
import Fastify from 'fastify'
import pg from 'pg'
import { Pool } from 'pg-ha'
import { throughFailover } from './through-failover.ts'

await throughFailover(async (connectionString) => {
  const app = Fastify()
  await app.register(postgres, { pg: { ...pg, Pool } as typeof pg, connectionString })

  app.put<{ Params: { id: string } }>('/notes/:id', async (request, reply) => {
    await app.pg.transact((client) =>
      client.query('insert into notes (id, text) values ($1, $2)', [request.params.id, 'Fastify']),
    )
    return reply.code(201).send()
  })
  app.get('/notes', async () => {
    const { rows } = await app.pg.query<{ id: number }>('select id from notes')
    return rows.map(({ id }) => id)
  })
  app.get('/standby', async () => {
    const { rows } = await (app.pg.pool as Pool).read.query('select pg_is_in_recovery() as standby')
    return rows[0]?.standby
  })

  await app.ready()
  await app.pg.query('create table notes (id int primary key, text text)')

  return {
    async write(id) {
      const { statusCode, json } = await app.inject({ method: 'PUT', url: `/notes/${id}` })
      if (statusCode !== 201) throw Object.assign(new Error(`HTTP ${statusCode}`), json())
    },
    readsStandby: async () => (await app.inject('/standby')).json(),
    kept: async () => (await app.inject('/notes')).json(),
    end: () => app.close(),
  }
})
