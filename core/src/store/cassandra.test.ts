import { setTimeout as sleep } from 'node:timers/promises'
import { errors, types } from 'cassandra-driver'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { connectCassandra } from '../cassandra/connection.ts'
import { UnavailableError } from '../errors.ts'
import { cassandraLabelled } from './cassandra/labelled.ts'
import { cassandraSession, translate } from './cassandra/session.ts'
import { cassandraStore } from './cassandra.ts'
import { DAY, freshOwner, ids, RETENTION, sampleItem, sampleRecord } from './contract/samples.ts'
import { contractSeal, storeContract } from './contract/store.ts'
import type { Owner } from './ports/inbox.ts'

const url = inject('cassandra')

if (url) {
  /** The end of the run drops every keyspace of the run. */
  const at = (place: string) => {
    const keyspace = `${connectCassandra(url).keyspace}_${place}`
    return url.replace(/\/[a-z0-9_]+(?=\?|$)/, `/${keyspace}`)
  }
  /** Returns the tables that could contain plain text. */
  const dump = async (place: string) => {
    const { client, keyspace } = connectCassandra(at(place))
    const session = cassandraSession(client, keyspace)
    const kept: string[] = []
    for (const table of [
      'erasures',
      'users',
      'devices',
      'device_holders',
      'accounts',
      'suppressions',
      'tenants',
      'attachments',
      'attachment_chunks',
    ])
      for (const row of await session.rows(`SELECT JSON * FROM ${keyspace}.${table}`, []))
        kept.push(String(row['[json]']))
    await client.shutdown()
    return kept.join('\n')
  }
  storeContract(
    'Cassandra',
    async (place, seal = contractSeal) =>
      cassandraStore({ ...connectCassandra(at(place)), seal, retention: RETENTION }),
    dump,
  )

  test('an error names a keyspace that does not exist', async () => {
    const store = cassandraStore({
      ...connectCassandra(at('nowhere')),
      seal: contractSeal,
      retention: RETENTION,
    })
    onTestFinished(() => store.close())
    await expect(store.check()).rejects.toThrow(/^the keyspace \w+ does not exist: run carillon migrate/)
  })

  test('a bucket of a label is written again only to extend its expiry', async () => {
    const connection = connectCassandra(at('main'))
    const store = cassandraStore({ ...connection, seal: contractSeal, retention: RETENTION })
    onTestFinished(() => store.close())
    await store.migrate()
    const session = cassandraSession(connection.client, connection.keyspace)
    let writes = 0
    const write: typeof session.write = (statements) => {
      writes += statements.filter(({ query }) => query.includes('label_buckets')).length
      return session.write(statements)
    }
    const labelled = cassandraLabelled({ ...session, write }, RETENTION)
    const { tenant } = freshOwner()
    const begin = Math.floor(Date.now() / 600_000) * 600_000
    const enter = (second: number, dueAt = begin + second * 1_000) => {
      const place = { label: 'tag x', context: '', notification: `n${second}`, at: begin + second * 1_000 }
      return labelled.enter(tenant, [{ ...place, dueAt }])
    }
    for (const second of [1, 2, 3]) await enter(second)
    expect(writes).toBe(1)
    await enter(4, begin + DAY)
    expect(writes).toBe(2)
    const before = { at: begin + 600_000, notification: '' }
    const { found } = await labelled.list(tenant, 'tag x', { before, limit: 10 })
    expect(found.map(({ notification }) => notification)).toEqual(['n4', 'n3', 'n2', 'n1'])
  })

  test('an inbox with more expired items than Cassandra accepts in one read can be read', async () => {
    const store = cassandraStore({
      ...connectCassandra(at('main')),
      seal: contractSeal,
      retention: RETENTION,
    })
    onTestFinished(() => store.close())
    await store.migrate()
    const { inbox } = store
    const owner = freshOwner()
    const lasting = sampleItem(owner)
    await inbox.put([lasting])
    let expiresAt = 0
    for (let from = 0; from < 26_000; from += 1_000) {
      expiresAt = Date.now() + 5_000
      await inbox.put(Array.from({ length: 1_000 }, () => sampleItem(owner, { expiresAt })))
    }
    await sleep(expiresAt + 1_000 - Date.now())
    const { items } = await inbox.page(owner, { status: 'active', limit: 20 })
    expect(ids(items)).toEqual([lasting.id])
    expect((await inbox.counts(owner)).counts).toEqual({ unread: 1, unseen: 1 })
  }, 60_000)

  test('the places of an erased user in groups are removed', async () => {
    const connection = connectCassandra(at('main'))
    const store = cassandraStore({ ...connection, seal: contractSeal, retention: RETENTION })
    onTestFinished(() => store.close())
    await store.migrate()
    const [ada, bob] = [freshOwner('ada'), freshOwner('bob')]
    const places = async ({ tenant, user }: Owner) => {
      const { client, keyspace } = connection
      const query = `SELECT id FROM ${keyspace}.inbox_groups WHERE tenant = ? AND user = ?`
      return (await client.execute(query, [tenant, user], { prepare: true })).rows.length
    }
    for (const owner of [ada, bob])
      await store.inbox.put([sampleItem(owner, { group: { key: 'post-7' } }), sampleItem(owner)])
    expect([await places(ada), await places(bob)]).toEqual([1, 1])
    await store.users.remove(ada.tenant, ada.user)
    expect([await places(ada), await places(bob)]).toEqual([0, 1])
  })

  test('a retention beyond the latest expiry of Cassandra is capped', async () => {
    // Exceeds the latest expiry, January 2038, as a retention of 3,650 days will from 2028 on.
    const retention = 7_000 * DAY
    const store = cassandraStore({ ...connectCassandra(at('main')), seal: contractSeal, retention })
    onTestFinished(() => store.close())
    await store.migrate()
    const { inbox, notifications, deliveries, expiringKeys } = store
    const owner = freshOwner()
    const { tenant, user } = owner
    const item = sampleItem(owner, { expiresAt: Date.now() + retention })
    const deliverAt = Date.now() + 366 * DAY
    await inbox.put([item])
    await inbox.change(owner, ids([item]), () => ({ readAt: new Date().toISOString() }))
    expect((await inbox.counts(owner)).counts).toEqual({ unread: 0, unseen: 0 })
    expect((await inbox.page(owner, { status: 'read', limit: 5 })).items).toHaveLength(1)
    await notifications.claim(tenant, [
      { id: 'n', at: Date.now(), fingerprint: 'f', until: Date.now() + retention },
    ])
    await notifications.put([sampleRecord(tenant, 'n', { deliverAt, chains: 1 })])
    await notifications.progress(tenant, 'n', { chain: 0, reached: 9, finished: true })
    expect(await notifications.get(tenant, 'n')).toMatchObject({ state: 'scheduled', recipients: 10 })
    await notifications.cancel(tenant, 'n', Date.now())
    expect(await notifications.get(tenant, 'n')).toMatchObject({ state: 'cancelled' })
    const place = {
      notification: 'n',
      toAudience: false,
      user,
      step: 0,
      device: '',
      channel: 'email' as const,
    }
    await deliveries.record(tenant, [{ ...place, state: 'sent', at: Date.now() }])
    expect(
      (await deliveries.list(tenant, { id: 'n', toAudience: false }, { limit: 9 })).deliveries,
    ).toHaveLength(1)
    await expiringKeys.put(tenant, [{ key: 'k', value: 'v' }], retention)
    await expiringKeys.acquire(tenant, [{ key: 'k', value: 'v', at: Date.now() }], retention)
    expect(await expiringKeys.get(tenant, ['k'])).toEqual(new Map([['k', 'v']]))
  })
} else {
  const why = inject('skipped').find(({ part }) => part === 'cassandra')
  describe.skip(`Cassandra store (${why?.reason ?? 'no server'})`, () => {
    test('is not tested', () => {})
  })
}

test('parses hosts, keyspace, data center, replicas and credentials from a URL', async () => {
  const { client, keyspace, replication } = connectCassandra(
    'cassandra://carillon:p%40ss@10.0.0.1,10.0.0.2:9999/hub?dc=eu-west&rf=3',
  )
  expect(keyspace).toBe('hub')
  expect(replication).toEqual(new Map([['eu-west', 3]]))
  await client.shutdown()
  const two = connectCassandra('cassandra://10.0.0.1/hub?dc=eu&rf=eu:3,us:2')
  expect([...two.replication]).toEqual([
    ['eu', 3],
    ['us', 2],
  ])
  await two.client.shutdown()
  for (const wrong of [
    'cassandra://10.0.0.1',
    'cassandra://10.0.0.1/Hub',
    'cassandra://user:secret@10.0.0.1/hub?rf=0',
    'cassandra://10.0.0.1/hub?region=x',
    "cassandra://10.0.0.1/hub?dc='",
    'cassandra://10.0.0.1/hub?dc=eu&rf=us:3',
    'http://10.0.0.1/hub',
  ])
    expect(() => connectCassandra(wrong)).toThrow(/^(?!.*secret).*has the form cassandra:/)
})

test('a server that does not respond counts as unavailable', async () => {
  const store = cassandraStore({
    ...connectCassandra('cassandra://127.0.0.1:1/nowhere'),
    seal: contractSeal,
    retention: RETENTION,
  })
  await expect(store.check()).rejects.toThrow(UnavailableError)
  await expect(store.migrate()).rejects.toThrow(UnavailableError)
  await expect(store.inbox.counts({ tenant: 't', user: 'u' })).rejects.toThrow(UnavailableError)
  await store.close()
})

test('a claim with an unknown outcome counts as unavailable', () => {
  const { writeTimeout, syntaxError } = types.responseErrorCodes
  expect(translate(new errors.ResponseError(writeTimeout, 'CAS'))).toBeInstanceOf(UnavailableError)
  const fault = new errors.ResponseError(syntaxError, 'fault')
  expect(translate(fault)).toBe(fault)
})
