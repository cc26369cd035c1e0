import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@carillon/core/testing/ports'
import { answers, type Recipe, type Server, start } from './child.ts'
import { CASSANDRA_FILES, need } from './tools.ts'

const onLoopback = { stopWithinMs: 10_000 }

/** Returns the arguments for connections by WebSocket, which NATS reads from a file only. */
const natsWebSocket = (dir: string, port: number) => {
  mkdirSync(dir, { recursive: true })
  const file = join(dir, 'nats.conf')
  writeFileSync(file, `websocket { host: "127.0.0.1", port: ${port}, no_tls: true }\n`)
  return ['-c', file]
}

/** Returns the recipe of NATS with JetStream, with its streams in `dir`. It also accepts WebSockets on `webSocketPort`. */
export const natsRecipe = (dir: string, port: number, webSocketPort?: number): Recipe => ({
  ...onLoopback,
  name: 'nats',
  url: `nats://127.0.0.1:${port}`,
  port,
  command: need('nats'),
  args: [
    ...['-js', '-sd', dir, '-a', '127.0.0.1', '-p', String(port)],
    ...(webSocketPort ? natsWebSocket(dir, webSocketPort) : []),
  ],
  ready: () => answers(port, undefined, (answer) => answer.toString().startsWith('INFO ')),
  readyWithinMs: 15_000,
})

/** Returns the recipe of Redis without persistence: Carillon stores nothing durable in it. */
export const redisRecipe = (port: number): Recipe => ({
  ...onLoopback,
  name: 'redis',
  url: `redis://127.0.0.1:${port}`,
  port,
  command: need('redis'),
  args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ready: () => answers(port, 'PING\r\n', (answer) => answer.toString().startsWith('+PONG')),
  readyWithinMs: 15_000,
})

/** Protocol version 4, stream 0, opcode OPTIONS, no body. A ready server responds with SUPPORTED. */
const CQL_OPTIONS = Uint8Array.of(4, 0, 0, 0, 5, 0, 0, 0, 0)
const CQL_SUPPORTED = 6

export const cassandraAnswers = (port: number, host?: string): Promise<boolean> =>
  answers(port, CQL_OPTIONS, (answer) => answer[4] === CQL_SUPPORTED, host)

/** Without the optimizing compiler, Cassandra starts sooner, and takes less CPU time unless it runs for long. */
const BRIEF = ['-XX:TieredStopAtLevel=1']
/** Schema changes are not written to disk, which takes a third of the CPU time. */
const TEMPORARY = ['-Dcassandra.test.flush_local_schema_changes=false', '-Dcassandra.unsafesystem=true']

/** `brief`: for minutes, not hours. `temporary`: also loses its data when it stops. */
export type CassandraKind = 'lasting' | 'brief' | 'temporary'

/** Returns the recipe of a Cassandra node with its data in `dir`. It takes 1.4 GB and is ready after about 5 s. */
export const cassandraRecipe = async (
  dir: string,
  port: number,
  kind: CassandraKind = 'lasting',
): Promise<Recipe> => {
  const jars = need('cassandra')
  const java = need('java')
  const conf = join(dir, 'conf')
  mkdirSync(conf, { recursive: true })
  const storagePort = await freePort()
  const local = {
    storage_port: storagePort,
    native_transport_port: port,
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: `127.0.0.1:${storagePort}` }],
      },
    ],
    data_file_directories: [join(dir, 'data')],
    commitlog_directory: join(dir, 'commitlog'),
    saved_caches_directory: join(dir, 'saved_caches'),
    hints_directory: join(dir, 'hints'),
    cdc_raw_directory: join(dir, 'cdc'),
  }
  const lines = Object.entries(local).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  const common = readFileSync(join(CASSANDRA_FILES, 'cassandra.yaml'), 'utf8')
  writeFileSync(join(conf, 'cassandra.yaml'), `${common}${lines.join('\n')}\n`)
  const settings = {
    'cassandra.config': `file://${join(conf, 'cassandra.yaml')}`,
    'cassandra.storagedir': dir,
    'cassandra-foreground': 'yes',
    'cassandra.skip_wait_for_gossip_to_settle': 0,
    'cassandra.ring_delay_ms': 1,
    'cassandra.superuser_setup_delay_ms': 0,
    'logback.configurationFile': join(CASSANDRA_FILES, 'logback.xml'),
  }
  return {
    ...onLoopback,
    name: 'cassandra',
    url: `cassandra://127.0.0.1:${port}`,
    port,
    command: java,
    args: [
      `@${join(CASSANDRA_FILES, 'jvm17.opts')}`,
      ...['-Xms1g', '-Xmx1g', '-Xss512k', '-XX:+UseSerialGC'],
      ...(kind === 'lasting' ? [] : BRIEF),
      ...(kind === 'temporary' ? TEMPORARY : []),
      `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      ...['-cp', `${conf}:${join(jars, '*')}`, 'org.apache.cassandra.service.CassandraDaemon'],
    ],
    ready: () => cassandraAnswers(port),
    readyWithinMs: 90_000,
  }
}

type NatsOptions = { dir: string; port?: number; webSocketPort?: number }

/** Starts NATS with JetStream; resolves when it is ready. */
export const startNats = async ({ dir, port, webSocketPort }: NatsOptions): Promise<Server> =>
  start(natsRecipe(dir, port ?? (await freePort()), webSocketPort))

/** Starts Redis; resolves when it is ready. */
export const startRedis = async ({ port }: { port?: number } = {}): Promise<Server> =>
  start(redisRecipe(port ?? (await freePort())))

type CassandraOptions = { dir: string; port?: number; kind?: CassandraKind }

/** Starts Cassandra; resolves when it is ready. `url` has no keyspace. */
export const startCassandra = async ({ dir, port, kind }: CassandraOptions): Promise<Server> =>
  start(await cassandraRecipe(dir, port ?? (await freePort()), kind))

const CADDYFILE = fileURLToPath(new URL('../../../deploy/Caddyfile', import.meta.url))

/**
 * Starts Caddy with the shipped Caddyfile in front of two hubs; only the addresses are replaced. Its files are written to
 * `dir`. Resolves when it is ready.
 */
export const startCaddy = async ({ dir, hubs }: { dir: string; hubs: Server[] }): Promise<Server> => {
  const port = await freePort()
  const config = join(dir, 'Caddyfile')
  const [one, two] = hubs.map((hub) => `127.0.0.1:${hub.port}`)
  const rules = readFileSync(CADDYFILE, 'utf8')
    .replace(/^:4000 /m, `:${port} `)
    .replace('hub-1:4000 hub-2:4000', `${one} ${two}`)
  mkdirSync(dir, { recursive: true })
  writeFileSync(config, rules)
  return start({
    ...onLoopback,
    name: 'caddy',
    url: `http://127.0.0.1:${port}`,
    port,
    command: need('caddy'),
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    env: { ...process.env, HOME: dir, XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir },
    ready: () => answers(port, 'GET /metrics HTTP/1.0\r\n\r\n', (answer) => answer.includes('404')),
    readyWithinMs: 15_000,
  })
}

/** Returns the value of CARILLON_CASSANDRA_URL for a server of the rig. */
export const cassandraUrl = (server: { url: string }, keyspace = 'carillon'): string =>
  `${server.url}/${keyspace}?dc=datacenter1`
