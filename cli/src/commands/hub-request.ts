import { readJson } from '@carillon/core/json/json'
import { withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { devState } from '../config/dev-state.ts'
import { settings } from '../config/settings.ts'
import { refuse } from '../process/command-error.ts'

/** The options of a command that calls the API of a hub. */
export type HubOptions = { url?: string; key?: string; data?: string }

const Refusal = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
})

/** Formats a problem: its detail, which names the first error, and one line for each further error. */
const describe = (answer: string): string => {
  const refusal = readJson(answer, Refusal)
  if (!refusal) return answer
  const others = refusal.errors.slice(1).map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`)
  return [refusal.detail, ...others].join('\n')
}

/**
 * Returns why a request got no response: `fetch` hides the reason in the cause, and for several addresses in
 * an AggregateError.
 */
const causeOf = ({ message, cause }: Error): string => {
  const [first = cause] = cause instanceof AggregateError ? cause.errors : []
  return first instanceof Error ? first.message : message
}

/** Calls a hub with an API key and returns the body of its answer. Ends the process unless the status is `expected`. */
export const hubRequest = async (
  options: HubOptions,
  { method, path, body, expected }: { method: string; path: string; body?: unknown; expected: number },
): Promise<string> => {
  const config = settings(options)
  const hub = options.url ?? config.hubUrl ?? 'http://localhost:4000'
  const key = options.key ?? config.apiKey ?? devState(config.dataDir).read()?.apiKey
  if (key === undefined)
    return refuse(
      `no API key: there is no carillon dev data in ${config.dataDir}; name its directory with --data, or pass a key with --key or CARILLON_API_KEY`,
    )
  const response = await fetch(`${withoutTrailingSlash(hub)}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => refuse(`${hub} does not answer: ${causeOf(error)}`))
  const answer = await response.text()
  if (response.status !== expected) refuse(`${hub} answered ${response.status}: ${describe(answer)}`)
  return answer
}
