import { setTimeout } from 'node:timers/promises'
import { readJson } from '@carillon/core/json/json'
import { withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { devState } from '../config/dev-state.ts'
import { settings } from '../config/settings.ts'
import { refuse } from '../process/command-error.ts'

/** The options of a command that calls the API of a hub. */
export type HubOptions = { url?: string; key?: string; data?: string }

type HubRequest = { method: string; path: string; body?: unknown; ifMatch?: string; timeoutMs?: number }

const TIMEOUT_MS = 10_000
/** Maximum pauses of one request while the rate limit of its API key is reached. */
const PAUSES_MAX = 10
const PAUSE_MAX_S = 60

const Refusal = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
})

/** Returns the errors of a problem, if the answer is one. */
export const errorsOf = (answer: string): { pointer: string; message: string }[] =>
  readJson(answer, Refusal)?.errors ?? []

/** Parses a successful answer of the hub. Ends the process if the answer does not have the shape. */
export const readAnswer = <Answer>(text: string, shape: z.ZodType<Answer>): Answer =>
  readJson(text, shape) ??
  refuse('the answer has an unexpected format: check the URL and the version of the hub')

/** Formats a problem: its detail, which names the first error, and one line for each further error. */
export const describeProblem = (answer: string): string => {
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

/** Returns a function that calls a hub with an API key. It ends the process if there is no key, or no answer. */
export const hubClient = (options: HubOptions) => {
  const config = settings(options)
  const hub = options.url ?? config.hubUrl ?? 'http://localhost:4000'
  const key = options.key ?? config.apiKey ?? devState(config.dataDir).read()?.apiKey
  if (key === undefined)
    return refuse(
      `no API key: there is no carillon dev data in ${config.dataDir}; name its directory with --data, or pass a key with --key or CARILLON_API_KEY`,
    )
  const call = ({ method, path, body, ifMatch, timeoutMs = TIMEOUT_MS }: HubRequest) =>
    fetch(`${withoutTrailingSlash(hub)}${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: Error) => refuse(`${hub} does not answer: ${causeOf(error)}`))

  return {
    hub,
    call: async (request: HubRequest): Promise<{ status: number; text: string }> => {
      for (let pauses = 0; ; pauses++) {
        const response = await call(request)
        const text = await response.text()
        const seconds = Number(response.headers.get('retry-after'))
        if (response.status !== 429 || pauses === PAUSES_MAX || !(seconds > 0 && seconds <= PAUSE_MAX_S))
          return { status: response.status, text }
        await setTimeout(seconds * 1_000)
      }
    },
  }
}

/** Calls a hub with an API key and returns the body of its answer. Ends the process unless the status is `expected`. */
export const hubRequest = async (
  options: HubOptions,
  { expected, ...request }: HubRequest & { expected: number },
): Promise<string> => {
  const { hub, call } = hubClient(options)
  const { status, text } = await call(request)
  if (status !== expected) refuse(`${hub} answered ${status}: ${describeProblem(text)}`)
  return text
}
