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
