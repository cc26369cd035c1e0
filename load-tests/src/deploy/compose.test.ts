import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@carillon/cli/config/config'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

type Service = {
  image: string
  build?: string
  command: string[]
  user?: string
  ports?: string[]
  environment?: Record<string, string>
  volumes?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  deploy?: { replicas: number }
  stop_grace_period?: string
}

const compose: { services: Record<string, Service>; volumes: object } = parse(read('docker-compose.yml'), {
  merge: true,
})
const services = Object.entries(compose.services)
const ours = services.filter(([, { build }]) => build)
const named = (name: string): Service => {
  const service = compose.services[name]
  if (!service) throw new Error(`no service ${name}`)
  return service
}

/** The official schema of the Compose Specification, from the dclint package. */
const specification = () => {
  const require = createRequire(import.meta.url)
  const linter = require.resolve('dclint/package.json')
  return JSON.parse(readFileSync(join(dirname(linter), 'schemas/compose.schema.json'), 'utf8'))
}

test('is valid according to the Compose Specification', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  ajv.addMetaSchema({ $id: 'https://json-schema.org/draft-07/schema', type: 'object' })
  const validate = ajv.compile(specification())
  validate(compose)
  expect(validate.errors ?? []).toEqual([])
  expect(validate({ ...compose, services: { hub: { imagine: 'x' } } })).toBe(false)
})

test('every image is pinned to a full version, including the Dockerfile', () => {
  const bases = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].flatMap(([, base]) => base ?? [])
  const images = [...services.map(([, { image }]) => image), ...bases.filter((base) => base.includes(':'))]
  for (const image of images) expect(image).toMatch(/^[a-z]+:\d+\.\d+\.\d+(-[a-z0-9-]+)?$/)
  expect(images.length).toBeGreaterThan(services.length)
  expect(named('hub-1').image).toBe(`carillon:${JSON.parse(read('package.json')).version}`)
})

test('the servers use the versions that Carillon requires and the rig installs', () => {
  const version = (name: string) => named(name).image.split(':')[1]?.split(/[.-]/).map(Number) ?? []
  const [major, minor] = version('nats')
  expect(major === 2 && Number(minor) >= 12).toBe(true)
  expect(version('redis')[0]).toBeGreaterThanOrEqual(7)
  expect(read('load-tests/cassandra/pom.xml')).toContain(
    `<version>${version('cassandra').join('.')}</version>`,
  )
})

test('every long-running service has a health check that others wait for', () => {
  for (const [name, { healthcheck }] of services)
    expect([name, healthcheck !== undefined]).toEqual([name, !['migrate', 'carillon'].includes(name)])
  for (const [, { depends_on = {} }] of services)
    for (const [dependency, { condition }] of Object.entries(depends_on)) {
      expect(compose.services).toHaveProperty(dependency)
      expect(condition).toBe(dependency === 'migrate' ? 'service_completed_successfully' : 'service_healthy')
    }
})

test('publishes the API on all interfaces, NATS on localhost, and nothing else', () => {
  const ports = services.flatMap(([name, { ports = [] }]) => ports.map((port) => [name, port]))
  expect(ports).toEqual([
    ['proxy', '4000:4000'],
    ['nats', '127.0.0.1:4222:4222'],
  ])
  expect(read('Dockerfile')).toMatch(/^EXPOSE 4000$/m)
})

test('the proxy forwards to both hubs on their port', () => {
  const hubs = services.flatMap(([name, { command }]) => (command?.[0] === 'hub' ? [name] : []))
  expect(hubs).toHaveLength(2)
  expect(read('deploy/Caddyfile')).toContain(`reverse_proxy ${hubs.map((hub) => `${hub}:4000`).join(' ')} {`)
  expect(read('deploy/Caddyfile')).toMatch(/^:4000 \{$/m)
  const seconds = (name: string) =>
    Number(new RegExp(`${name} (\\d+)s$`, 'm').exec(read('deploy/Caddyfile'))?.[1])
  expect(seconds('health_interval') + seconds('health_timeout')).toBeLessThan(
    Number(named('hub-1').environment?.CARILLON_DRAIN_DELAY_SECONDS),
  )
  expect(named('dispatcher').deploy?.replicas).toBe(2)
})

test('hubs trust the proxy and are only reachable through it', () => {
  expect(named('hub-1').environment?.CARILLON_TRUSTED_PROXIES).toBe('private')
  expect(named('hub-1').ports).toBeUndefined()
  // Caddy ignores X-Forwarded-For of clients unless configured otherwise.
  expect(read('deploy/Caddyfile')).not.toContain('trusted_proxies')
})

test('durable data is stored in volumes', () => {
  expect(Object.keys(compose.volumes)).toEqual(['nats', 'cassandra'])
  expect(named('nats').volumes).toContain('nats:/data')
  expect(read('deploy/nats.conf')).toMatch(/^ {2}store_dir: \/data$/m)
  expect(named('cassandra').volumes).toContain('cassandra:/var/lib/cassandra')
})

const SECRET = 'x'.repeat(32)
/** Substitutes variables as Compose does: required ones become SECRET, others their default. */
const filled = (value: string) =>
  value.replaceAll(/\$\{\w+:\?[^}]*\}/g, SECRET).replace(/^\$\{\w+:-(.*)\}$/, '$1')

test('Carillon processes get valid settings, external servers, and secrets from the environment', () => {
  for (const [name, { environment = {} }] of ours) {
    const settings = Object.fromEntries(
      Object.entries(environment).map(([setting, value]) => [setting, filled(value)]),
    )
    expect(() => readConfig(settings)).not.toThrow()
    expect(environment.CARILLON_SECRET).toMatch(/^\$\{CARILLON_SECRET:\?/)
    for (const part of ['NATS', 'REDIS', 'CASSANDRA']) {
      const { hostname } = new URL(settings[`CARILLON_${part}_URL`] ?? '')
      expect(hostname).toBe(part.toLowerCase())
    }
    const { username, password } = new URL(settings.CARILLON_NATS_URL ?? '')
    expect([username, password]).toEqual([name === 'dispatcher' ? 'dispatcher' : 'hub', SECRET])
  }
})

test('NATS gets the passwords of its users, which are required and quoted', () => {
  const { environment = {} } = named('nats')
  const wanted = [...read('deploy/nats.conf').matchAll(/\$(NATS_[A-Z]+_PASSWORD)/g)].map(([, name]) => name)
  expect(Object.keys(environment)).toEqual(wanted)
  for (const [name, value] of Object.entries(environment)) expect(value).toMatch(`"\${${name}:?`)
  expect(Object.values(environment).map(filled)).toEqual(wanted.map(() => `"${SECRET}"`))
  for (const name of wanted) expect(read('docker-compose.yml').split('services:')[0]).toContain(name)
})

test('Carillon processes get enough time to drain, and do not run as root', () => {
  for (const [, { environment = {}, stop_grace_period = '' }] of ours)
    expect(Number.parseInt(stop_grace_period, 10)).toBeGreaterThan(
      Number(environment.CARILLON_DRAIN_DELAY_SECONDS) + Number(environment.CARILLON_DRAIN_SECONDS) + 2,
    )
  expect(read('Dockerfile')).toMatch(/^USER node$/m)
})
