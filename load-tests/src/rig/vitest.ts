import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SkippedPart } from '@carillon/core/testing/provided'
import { Client } from 'cassandra-driver'
import type { TestProject } from 'vitest/node'
import { cassandraAnswers, cassandraUrl, startCassandra } from './servers.ts'
import { standingCassandraUrl } from './standing.ts'
import { locate, type Tool } from './tools.ts'

type Close = () => Promise<void>
type Cassandra = { url: string; close: Close }

/** Drops every keyspace of this run, by prefix. */
const dropKeyspaces = async (host: string, dc: string, keyspace: string) => {
  const client = new Client({
    contactPoints: [host],
    localDataCenter: dc,
    socketOptions: { readTimeout: 30_000 },
  })
  try {
    const { rows } = await client.execute('SELECT keyspace_name FROM system_schema.keyspaces')
    const names = rows.map((row): string => row.keyspace_name).filter((name) => name.startsWith(keyspace))
    for (const name of names) await client.execute(`DROP KEYSPACE IF EXISTS ${name}`)
  } finally {
    await client.shutdown()
  }
}

/** Uses the Cassandra of CARILLON_CASSANDRA_URL with a new keyspace. */
const externalCassandra = async (value: string, keyspace: string): Promise<Cassandra> => {
  const [, host = '', query = ''] = /^cassandra:\/\/([^/]+)\/[^?]*\??(.*)$/.exec(value) ?? []
  const [name = '', port = '9042'] = host.split(',')[0]?.split(':') ?? []
  if (!(await cassandraAnswers(Number(port), name)))
    throw new Error(`no Cassandra responds at ${host} (CARILLON_CASSANDRA_URL, or npm run rig -- up)`)
  const dc = new URLSearchParams(query).get('dc') ?? 'datacenter1'
  return {
    url: `cassandra://${host}/${keyspace}?dc=${dc}`,
    close: () => dropKeyspaces(`${name}:${port}`, dc, keyspace),
  }
}

const startedCassandra = async (keyspace: string): Promise<Cassandra> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-test-'))
  try {
    const server = await startCassandra({ dir, kind: 'temporary' })
    const close = async () => {
      await server.kill()
      await rm(dir, { recursive: true, force: true })
    }
    return { url: cassandraUrl(server, keyspace), close }
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
}

/**
 * Global setup: locates the tools, finds or starts Cassandra once for the whole run, and provides both to the tests (see
 * core/src/testing/provided.ts). Uses the servers of `npm run rig -- up` if they are running, which saves the start. With
 * CARILLON_TEST_REQUIRE=1 a missing tool fails the run. CARILLON_* variables of the shell are not visible to the tests.
 */
export default async ({ provide }: TestProject): Promise<Close | undefined> => {
  const { CARILLON_CASSANDRA_URL: named = standingCassandraUrl(), CARILLON_TEST_REQUIRE: required } =
    process.env
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('CARILLON_')))
    delete process.env[name]

  const skipped: SkippedPart[] = []
  const find = (tool: Tool) => {
    const located = locate(tool)
    if (located.path === undefined)
      skipped.push({ part: tool, reason: located.reason, remedy: located.remedy })
    return located.path
  }
  provide('natsServer', find('nats'))
  provide('redisServer', find('redis'))
  provide('chromium', find('chromium'))
  provide('caddy', find('caddy'))
  find('strace')
  if (process.env.K6) find('k6')

  const keyspace = `carillon_test_${randomBytes(6).toString('hex')}`
  const present = named || (find('java') && find('cassandra'))
  if (required === '1' && skipped.length > 0)
    throw new Error(
      `missing tools: ${skipped.map(({ reason, remedy }) => `${reason} (${remedy})`).join('; ')}`,
    )

  const cassandra =
    present && (await (named ? externalCassandra(named, keyspace) : startedCassandra(keyspace)))
  provide('cassandra', cassandra ? cassandra.url : undefined)
  provide('skipped', skipped)
  return cassandra ? cassandra.close : undefined
}
