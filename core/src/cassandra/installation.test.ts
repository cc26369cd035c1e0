import { describe, expect, inject, test } from 'vitest'
import { SetupError } from '../errors.ts'
import { LAYOUT } from '../installation/layout.ts'
import { createSeal } from '../security/seal.ts'
import { cassandraStore } from '../store/cassandra.ts'
import { contractSeal } from '../store/contract/store.ts'
import { connectCassandra } from './connection.ts'
import { INSTALLATION_TABLE, recordInstallation } from './installation.ts'

const url = inject('cassandra')

describe.skipIf(!url)('the record of an installation in a keyspace', () => {
  const place = () =>
    (url ?? '').replace(/\/([a-z0-9_]+)(?=\?|$)/, (_, keyspace: string) => `/${keyspace}_installation`)

  test('rejects a keyspace of another layout without changing it, and records its namespace once', async () => {
    const { client, keyspace } = connectCassandra(place())
    const run = (query: string, params: unknown[] = []) =>
      client.execute(query, params, { prepare: false, readTimeout: 30_000 })
    const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
    const schema = async () =>
      (await run('SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [keyspace])).rows
        .map((row) => String(row.table_name))
        .sort()
    const refusal = async (words: RegExp) => {
      const before = await schema()
      const store = cassandraStore({
        ...connectCassandra(place()),
        seal: contractSeal,
        retention: 86_400_000,
      })
      for (const attempt of [store.check, store.namespace, store.migrate]) {
        const error = await attempt().catch((error: unknown) => error)
        expect(error).toBeInstanceOf(SetupError)
        expect(String(error)).toMatch(words)
      }
      await store.close()
      expect(await schema()).toEqual(before)
    }

    await run(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
    await run(`CREATE TABLE ${keyspace}.tenants (list int, id text, secrets text, PRIMARY KEY (list, id))`)
    await refusal(/keyspace \w+ was made by an older Carillon .* Drop the keyspace, or name another/)

    const table = `${keyspace}.${INSTALLATION_TABLE.name}`
    // An older layout has fewer columns.
    await run(`CREATE TABLE ${table} (part text PRIMARY KEY, layout int, namespace text)`)
    await run(`INSERT INTO ${table} (part, layout, namespace) VALUES ('store', 2, 'old')`)
    await refusal(/older Carillon .*layout 2/)
    await run(`DROP TABLE ${table}`)
    await run(`CREATE TABLE ${table} (${INSTALLATION_TABLE.columns})`)
    const connection = connectCassandra(place())
    const made = await Promise.all(
      [1, 2, 3].map(() => recordInstallation(connection, contractSeal, undefined)),
    )
    expect(new Set(made).size).toBe(1)
    await expect(recordInstallation(connection, contractSeal, 'another')).rejects.toThrow(
      /belongs to the installation \w{8}, and this process runs the installation another: unset CARILLON_NAMESPACE/,
    )
    await expect(recordInstallation(connection, createSeal('x'.repeat(32)), undefined)).rejects.toThrow(
      /keyspace \w+ was written with another secret: set CARILLON_SECRET to the secret that the installation \w{8} /,
    )
    const set = (layout: number) => run(`UPDATE ${table} SET layout = ${layout} WHERE part = 'store'`)
    await set(LAYOUT - 1)
    await refusal(new RegExp(`older Carillon .*layout ${LAYOUT - 1}; this version needs ${LAYOUT}`))
    await set(LAYOUT + 1)
    await refusal(/newer Carillon .*: run that version/)
    await connection.client.shutdown()
    await client.shutdown()
  }, 60_000)
})
