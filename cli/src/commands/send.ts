import { readJson } from '@carillon/core/json/json'
import { type NotificationInput, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { devState } from '../config/dev-state.ts'
import { settings } from '../config/settings.ts'
import { refuse } from '../process/command-error.ts'
import { say } from '../process/output.ts'

const recipient = (to: string): NotificationInput['to'] => {
  if (to === 'everyone') return { everyone: true }
  return to.startsWith('topic:') ? { topic: to.slice('topic:'.length) } : to
}

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

type Options = {
  to: string
  title: string
  body?: string
  link?: string
  type: string
  priority?: string
  url?: string
  key?: string
  data?: string
}

export const send = async (options: Options) => {
  const config = settings(options)
  const hub = options.url ?? config.hubUrl ?? 'http://localhost:4000'
  const key = options.key ?? config.apiKey ?? devState(config.dataDir).read()?.apiKey
  if (key === undefined)
    return refuse(
      `no API key: there is no carillon dev data in ${config.dataDir}; name its directory with --data, or pass a key with --key or CARILLON_API_KEY`,
    )
  const { title, body, link, type, priority } = options
  const notification = { to: recipient(options.to), type, title, body, url: link, priority }
  const response = await fetch(`${withoutTrailingSlash(hub)}/v1/notifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(notification),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => refuse(`${hub} does not answer: ${causeOf(error)}`))
  const answer = await response.text()
  if (response.status !== 202) refuse(`${hub} answered ${response.status}: ${describe(answer)}`)
  say(answer)
}
