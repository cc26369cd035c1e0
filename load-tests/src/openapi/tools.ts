import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** This folder. */
export const HERE = fileURLToPath(new URL('.', import.meta.url))
/** Disables telemetry and checks for newer versions. */
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NO_COLOR: '1' }

type Ran = { code: number; stdout: string; stderr: string }

/** Runs a program and returns its exit code and output. `cwd` defaults to this folder. */
export const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = HERE) =>
  new Promise<Ran>((resolve) => {
    const options = { cwd, env: { ...process.env, ...QUIET, ...env }, maxBuffer: 64 * 1_024 * 1_024 }
    execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    )
  })

/** Runs a program of an installed npm package. */
export const runTool = (name: string, ...args: readonly string[]) => run('npx', ['--no', '--', name, ...args])

/** Returns whether a Python program is installed. */
export const hasPython = (name: string): boolean => spawnSync(name, ['--version']).status === 0

type Operation = { requestBody?: { content: Record<string, unknown> } }
export type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Record<string, unknown>> }
}

/**
 * Returns a copy of a document whose schemas allow no other properties. The published document allows them, because later
 * versions add properties.
 */
export const closed = (document: Document): Document => {
  const copy = structuredClone(document)
  for (const schema of Object.values(copy.components.schemas))
    if (schema.properties !== undefined) schema.additionalProperties ??= false
  return copy
}

/** Returns a copy of a document without CloudEvents: every request body is plain JSON. */
export const plain = (document: Document): Document => {
  const copy = structuredClone(document)
  for (const operation of Object.values(copy.paths).flatMap(Object.values) as Operation[])
    delete operation.requestBody?.content['application/cloudevents+json']
  return copy
}

/** Returns an e-mail address of so many characters, between 135 and 254. */
const addressOf = (length: number) =>
  `${'a'.repeat(64)}@${'b'.repeat(61)}.${'c'.repeat(length - 64 - 61 - 6)}.com`.replace(
    /c{62,}/,
    (long) => `${'c'.repeat(61)}.${'d'.repeat(long.length - 62)}`,
  )

type Schema = { format?: string; maxLength?: number; anyOf?: Schema[]; examples?: unknown[] }

/**
 * Returns a copy of a document with e-mail addresses of the maximum length as examples. Schemathesis searches for them at
 * random for 20 s each, in vain.
 */
export const withLongAddresses = (document: Document): Document => {
  const copy = structuredClone(document)
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    const schema = value as Schema
    const { maxLength } = [schema, ...(schema.anyOf ?? [])].find(({ format }) => format === 'idn-email') ?? {}
    if (maxLength)
      schema.examples = [...(schema.examples ?? []), ...[maxLength, maxLength - 1].map(addressOf)]
    for (const each of Object.values(value)) walk(each)
  }
  walk(copy)
  return copy
}
