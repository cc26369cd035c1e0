import { readJson } from '@carillon/core/json/json'
import { type NotificationInput, withoutTrailingSlash } from '@carillon/schemas'
import { z } from 'zod'
import { devState } from '../dev-state.ts'
import { refuse, say, settings } from '../settings.ts'

const recipient = (to: string): NotificationInput['to'] => {
  if (to === 'everyone') return { everyone: true }
  return to.startsWith('topic:') ? { topic: to.slice('topic:'.length) } : to
}

const Refusal = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).default([]),
})

/** A problem in words, one line for each error; any other answer as it came. */
const wordsOf = (answer: string): string => {
  const refusal = readJson(answer, Refusal)
  if (!refusal) return answer
  const { detail, errors } = refusal
  return [detail, ...errors.map(({ pointer, message }) => `  ${pointer || '/'}: ${message}`)].join('\n')
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
  if (key === undefined) return refuse('no API key: use --key, or set CARILLON_API_KEY')
  const { title, body, link, type, priority } = options
  const notification = { to: recipient(options.to), type, title, body, url: link, priority }
  const response = await fetch(`${withoutTrailingSlash(hub)}/v1/notifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(notification),
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => refuse(`${hub} does not answer: ${error.cause ?? error.message}`))
  const answer = await response.text()
  if (response.status !== 202) refuse(`${hub} answered ${response.status}: ${wordsOf(answer)}`)
  say(answer)
}
