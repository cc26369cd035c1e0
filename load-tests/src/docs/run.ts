import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '@carillon/core/testing/ports'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Block } from './blocks.ts'
import { type Installation, request, TENANT } from './installation.ts'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** Server addresses in the documentation, and their settings. */
export type Places = Record<string, string>

/** Replaces the documented addresses with those of real servers. */
export const placed = (text: string, places: Places): string =>
  Object.entries(places).reduce((placed, [from, to]) => placed.replaceAll(from, to), text)

/** Returns the environment of a backend program. */
const environment = async ({ apiKey, settings }: Installation): Promise<NodeJS.ProcessEnv> => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(CARILLON_|VITEST|NODE_)/.test(name)),
  ),
  ...settings,
  CARILLON_API_KEY: apiKey,
  TENANT,
  TENANT_SECRET: 'a-secret-of-the-tenant-that-is-not-checked-here',
  // The response to a one-time password request, and the user's input.
  ID: randomUUID(),
  CODE: '123456',
})

const commandFile = (file: string) =>
  `#!/bin/sh
cd ${ROOT}
exec node --conditions=source --import tsx load-tests/src/docs/${file} "$@"
`

const NPX = `#!/bin/sh
[ "$1" = carillon ] || { echo "npx $1 is not run here" >&2; exit 1; }
exec "$@"
`

/** Creates a directory with the commands of shell blocks. */
const withCommands = async <Result>(work: (dir: string) => Promise<Result>): Promise<Result> => {
  const dir = await mkdtemp(join(tmpdir(), 'carillon-docs-'))
  const files = { carillon: commandFile('command.ts'), nats: commandFile('nats-command.ts'), npx: NPX }
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o755 })
  try {
    return await work(dir)
  } finally {
    await rm(dir, { recursive: true })
  }
}

/** Runs a shell block, in which every request must succeed. Returns the CARILLON_* variables at its end. */
export const runShell = (
  text: string,
  installation: Installation,
  exitCode: number,
): Promise<Record<string, string>> =>
  withCommands(async (dir) => {
    const env = await environment(installation)
    const script = [
      'set -euo pipefail',
      'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }',
      text,
      'set +x; echo; echo "=== environment"; ( set -o posix; set ) | grep ^CARILLON_',
    ].join('\n')
    const options = { cwd: dir, env: { ...env, PATH: `${dir}:${env.PATH}` } }
    const { stdout, stderr, code } = await promisify(execFile)('bash', ['-c', script], options).then(
      (done) => ({ ...done, code: 0 }),
      (error) => error as { stdout: string; stderr: string; code: number },
    )
    if (code !== exitCode) throw new Error(`the block exited with ${code}\n${stdout}\n${stderr}`)
    const lines = (stdout.split('=== environment\n')[1] ?? '').split('\n')
    return Object.fromEntries(
      lines.flatMap((line) => {
        const [, name, value] = /^(CARILLON_\w+)=(.*)$/.exec(line) ?? []
        return name === undefined ? [] : [[name, (value ?? '').replace(/^'(.*)'$/, '$1')]]
      }),
    )
  })

/** Writes a program to a file from which the workspace packages can be imported. */
const withProgram = async <Result>(
  text: string,
  work: (file: string) => Promise<Result>,
): Promise<Result> => {
  const dir = join(ROOT, 'load-tests/dist')
  await mkdir(dir, { recursive: true })
  const file = join(dir, `docs-${randomUUID()}.mjs`)
  await writeFile(file, text)
  try {
    return await work(file)
  } finally {
    await rm(file)
  }
}

export const runNode = (text: string, installation: Installation): Promise<{ stdout: string }> =>
  withProgram(text, async (file) =>
    promisify(execFile)(process.execPath, [file], { env: await environment(installation), timeout: 30_000 }),
  )

export const runPython = async (text: string, installation: Installation): Promise<{ stdout: string }> =>
  promisify(execFile)('python3', ['-c', text], { env: await environment(installation), timeout: 30_000 })

const answers = async (url: string): Promise<boolean> => {
  try {
    await fetch(url)
    return true
  } catch {
    return false
  }
}

/**
 * Starts a server program of a page, in a directory where `html` is `page.html`. Returns its actual address and a function
 * that stops it.
 */
export const startServing = async (
  { text, serves, html }: Block & { serves: string; html: string },
  installation: Installation,
): Promise<{ url: string; stop(): Promise<void> }> => {
  const port = await freePort()
  const cwd = await mkdtemp(join(tmpdir(), 'carillon-docs-'))
  await writeFile(join(cwd, 'page.html'), html)
  const { port: documented } = new URL(serves)
  return withProgram(text.replaceAll(documented, String(port)), async (file) => {
    const env = await environment(installation)
    const child = spawn(process.execPath, [file], { cwd, env, stdio: 'inherit' })
    const url = `http://localhost:${port}`
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`the program exited with ${child.exitCode}`)
      await sleep(25)
    }
    const stop = async () => {
      const exit = once(child, 'exit')
      child.kill()
      await exit
      await rm(cwd, { recursive: true })
    }
    return { url, stop }
  })
}

/** Returns the names of the published schemas that the JSON matches. Throws if there are none. */
export const fittingSchemas = async (text: string): Promise<string[]> => {
  const value = JSON.parse(text) as unknown
  const dir = join(ROOT, 'schemas/json')
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const fitting: string[] = []
  for (const file of await readdir(dir)) {
    const schema = JSON.parse(await readFile(join(dir, file), 'utf8')) as object
    if (ajv.validate(schema, value)) fitting.push(file)
  }
  if (fitting.length === 0) throw new Error(`the JSON matches none of the schemas in schemas/json`)
  return fitting
}

/** Returns the dead letters of the tenant of the blocks. */
export const deadLetters = async (installation: Installation): Promise<unknown[]> =>
  (await request<{ deadLetters: unknown[] }>(installation, 'GET', '/v1/dead-letters')).deadLetters
