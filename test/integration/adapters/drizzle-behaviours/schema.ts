// The tables of the behaviours.
import { relations } from 'drizzle-orm'
import {
  bigint,
  date,
  integer,
  interval,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'

export const authors = pgTable('authors', { id: serial().primaryKey(), name: text().notNull().unique() })

export const notes = pgTable('notes', {
  id: serial().primaryKey(),
  authorId: integer('author_id').references(() => authors.id),
  text: text(),
})

export const kinds = pgTable('kinds', {
  id: serial().primaryKey(),
  day: date(),
  dayAsDate: date('day_as_date', { mode: 'date' }),
  at: timestamp({ withTimezone: true }),
  atAsText: timestamp('at_as_text', { mode: 'string', precision: 6 }),
  took: interval(),
  days: date().array(),
  big: bigint({ mode: 'bigint' }),
  exact: numeric({ precision: 20, scale: 4 }),
  data: jsonb(),
})

export const authorsRelations = relations(authors, ({ many }) => ({ notes: many(notes) }))
export const notesRelations = relations(notes, ({ one }) => ({
  author: one(authors, { fields: [notes.authorId], references: [authors.id] }),
}))

export const CREATE = `
  create table authors (id serial primary key, name text not null, constraint authors_name_unique unique (name));
  create table notes (id serial primary key, author_id int references authors, text text);
  create table kinds (id serial primary key, day date, day_as_date date, at timestamptz, at_as_text timestamp(6),
    took interval, days date[], big bigint, exact numeric(20, 4), data jsonb)`
