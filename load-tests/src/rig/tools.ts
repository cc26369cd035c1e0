import { execFileSync, spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The tools for real servers and browsers, all from package registries, without containers.
 *
 *     nats       Go module    Debian's version lacks message schedules
 *     redis      Debian
 *     java       Debian       required by Cassandra 5
 *     cassandra  Maven        66 MB of jars
 *     k6         Go module
 *     chromium   Debian
 *     caddy      Debian       the proxy in docker-compose.yml
 *     strace     Debian
 */
export const TOOLS = ['nats', 'redis', 'java', 'cassandra', 'k6', 'chromium', 'caddy', 'strace'] as const
export type Tool = (typeof TOOLS)[number]

/** `path`: the executable, or for Cassandra the folder of its jars. */
export type Located = { path: string } | { path?: undefined; reason: string; remedy: string }

export const CASSANDRA_FILES = fileURLToPath(new URL('../../cassandra/', import.meta.url))
const CASSANDRA = '5.0.6'
const NATS = 'github.com/nats-io/nats-server/v2@v2.15.2'
const K6 = 'go.k6.io/k6@v1.8.1'
/** Go downloads newer toolchains itself since 1.21. For older versions, this one is downloaded. */
const GO_TOOLCHAIN = 'go1.26.8'

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'carillon')
const goBin = () =>
  process.env.GOBIN || join(process.env.GOPATH?.split(delimiter)[0] || join(homedir(), 'go'), 'bin')

const executable = (path: string) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Returns the existing executables: `names` on PATH, then the extra paths. */
const candidates = (names: string[], ...extra: string[]) =>
  [
    ...(process.env.PATH ?? '').split(delimiter).flatMap((dir) => names.map((name) => join(dir, name))),
    ...extra,
  ].filter(executable)

/** Returns the first version number in the output of a program, including stderr. */
const version = (path: string, ...args: string[]): number[] => {
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: 10_000 })
  const match = /(\d+)\.(\d+)(?:\.\d+)?/.exec(`${stdout}${stderr}`)
  return match ? [Number(match[1]), Number(match[2])] : [0, 0]
}

const atLeast = ([major = 0, minor = 0]: number[], minMajor: number, minMinor = 0) =>
  major > minMajor || (major === minMajor && minor >= minMinor)

const javas = () => {
  const home = process.env.JAVA_HOME
  const debian = existsSync('/usr/lib/jvm') ? readdirSync('/usr/lib/jvm') : []
  const extra = debian
    .filter((name) => name.includes('17'))
    .map((name) => join('/usr/lib/jvm', name, 'bin/java'))
  return [...(home ? [join(home, 'bin/java')].filter(executable) : []), ...candidates(['java'], ...extra)]
}

const jars = () => [process.env.CARILLON_RIG_CASSANDRA, join(cache, `cassandra-${CASSANDRA}`)]

/** Containers may forbid tracing. */
const traces = (path: string) =>
  spawnSync(path, ['-o', '/dev/null', 'true'], { timeout: 10_000 }).status === 0

const finders: Record<Tool, () => string | undefined> = {
  nats: () =>
    candidates(['nats-server'], join(goBin(), 'nats-server')).find((path) =>
      atLeast(version(path, '--version'), 2, 12),
    ),
  redis: () => candidates(['redis-server']).find((path) => atLeast(version(path, '--version'), 7)),
  java: () => javas().find((path) => version(path, '-version')[0] === 17),
  cassandra: () => jars().find((dir) => dir && existsSync(join(dir, 'jamm-0.4.0.jar'))),
  k6: () => candidates(['k6'], join(goBin(), 'k6')).find((path) => atLeast(version(path, 'version'), 1)),
  chromium: () => candidates(['chromium', 'chromium-browser', 'google-chrome'])[0],
  caddy: () => candidates(['caddy']).find((path) => atLeast(version(path, 'version'), 2, 6)),
  strace: () => candidates(['strace']).find((path) => atLeast(version(path, '-V'), 5, 3) && traces(path)),
}

const requirements: Record<Tool, string> = {
  nats: 'nats-server 2.12 or newer',
  redis: 'redis-server 7 or newer',
  java: 'a Java 17',
  cassandra: `Cassandra ${CASSANDRA}`,
  k6: 'k6 1.0 or newer',
  chromium: 'chromium',
  caddy: 'Caddy 2.6 or newer',
  strace: 'an strace 5.3 or newer that may trace processes',
}

const found = new Map<Tool, string>()

/** Locates a tool without installing it. `reason` and `remedy` are sentences for the reader. */
export const locate = (tool: Tool): Located => {
  const path = found.get(tool) ?? finders[tool]()
  if (!path)
    return { reason: `${requirements[tool]} is not installed`, remedy: `npm run rig -- install ${tool}` }
  found.set(tool, path)
  return { path }
}

/** Returns the path of a tool. Throws with the remedy if it is not installed. */
export const need = (tool: Tool): string => {
  const located = locate(tool)
  if (located.path === undefined) throw new Error(`${located.reason}; install it with: ${located.remedy}`)
  return located.path
}

const run = (command: string, args: string[], env = process.env) =>
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env })

let isUpdated = false
const apt = (...packages: string[]) => {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages]
  if (process.getuid?.() !== 0 || candidates(['apt-get']).length === 0)
    throw new Error(`missing ${packages.join(', ')}; install it with: sudo ${install.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  if (!isUpdated) run('apt-get', ['update', '-qq'], env)
  isUpdated = true
  run('apt-get', install.slice(1), env)
}

/** Returns a current Go. Debian 12's version cannot switch toolchains by itself, but it can download one as a module. */
const go = (): string => {
  if (candidates(['go'], '/usr/local/go/bin/go').length === 0) apt('golang-go', 'ca-certificates')
  const [system = 'go'] = candidates(['go'], '/usr/local/go/bin/go')
  if (atLeast(version(system, 'version'), 1, 21)) return system
  const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  const module = `golang.org/toolchain@v0.0.1-${GO_TOOLCHAIN}.${platform}`
  run(system, ['mod', 'download', module])
  const root = join(execFileSync(system, ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim(), module)
  const programs = [join(root, 'bin'), join(root, 'pkg/tool', platform.replace('-', '_'))]
  for (const dir of programs) for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o755)
  return join(root, 'bin/go')
}

const goInstall = (module: string) =>
  run(go(), ['install', module], { ...process.env, GOBIN: goBin(), GOFLAGS: '-mod=mod' })

const installers: Record<Tool, () => void> = {
  nats: () => goInstall(NATS),
  redis: () => apt('redis-server'),
  java: () => apt('openjdk-17-jre-headless'),
  cassandra: () => {
    if (candidates(['mvn']).length === 0) apt('maven')
    const target = join(cache, `cassandra-${CASSANDRA}`)
    mkdirSync(cache, { recursive: true })
    run('mvn', [
      ...[
        '-q',
        '-B',
        '-Dstyle.color=never',
        '-f',
        join(CASSANDRA_FILES, 'pom.xml'),
        'dependency:copy-dependencies',
      ],
      ...[`-DoutputDirectory=${target}.part`, '-DincludeScope=runtime'],
    ])
    renameSync(`${target}.part`, target)
  },
  k6: () => goInstall(K6),
  chromium: () => apt('chromium'),
  caddy: () => apt('caddy'),
  strace: () => apt('strace'),
}

/** Installs missing tools. Throws with the command to run if it lacks the permission. */
export const install = (tools: readonly Tool[], report: (line: string) => void): void => {
  for (const tool of tools) {
    if (locate(tool).path === undefined) {
      report(`installing ${requirements[tool]} …`)
      installers[tool]()
    }
    report(`${tool}: ${need(tool)}`)
  }
}
