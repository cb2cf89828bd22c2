// Proof of a commit in a table of the application's database: a row that is written in the same transaction. Whoever asks
// afterwards claims the same row: the claim waits for a transaction still under way, and one that comes late fails on it.

export const PUT_TOKEN = 'insert into pgha_commit_tokens (token) values ($1)'

/** No row: the token is there, so its transaction was committed. A row: it was not, and never will be. */
export const CLAIM_TOKEN = `${PUT_TOKEN} on conflict do nothing returning token`

export const TOKENS_AT_A_TIME = 1000

/** Some of those older than the first value, in seconds of the server's clock. Two that delete do not wait for each other. */
export const DROP_OLD_TOKENS = `delete from pgha_commit_tokens where token in (
  select token from pgha_commit_tokens where at < now() - $1 * interval '1 second'
  limit ${TOKENS_AT_A_TIME} for update skip locked)`
