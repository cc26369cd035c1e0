import type { NotificationInput } from '@carillon/schemas'
import { defineCommand } from 'citty'
import { devState } from '../dev-state.ts'
import { refuse, say, settings } from '../settings.ts'

const recipient = (to: string): NotificationInput['to'] => {
  if (to === 'everyone') return { everyone: true }
  return to.startsWith('topic:') ? { topic: to.slice('topic:'.length) } : to
}

export const send = defineCommand({
  meta: { name: 'send', description: 'Send one notification through a hub' },
  args: {
    to: { type: 'string', required: true, description: 'A user id, topic:<key>, or everyone' },
    title: { type: 'string', required: true, description: 'What it says' },
    body: { type: 'string', description: 'More of what it says' },
    link: { type: 'string', description: 'Where it leads: a URL or a path' },
    type: { type: 'string', default: 'message', description: 'The notification type' },
    priority: { type: 'string', description: 'critical, high, normal or low' },
    url: { type: 'string', description: 'The hub (default CARILLON_HUB_URL or http://localhost:4000)' },
    key: {
      type: 'string',
      description: 'The API key (default CARILLON_API_KEY, or that of a carillon dev here)',
    },
  },
  run: async ({ args }) => {
    const config = settings()
    const hub = args.url ?? config.hubUrl ?? 'http://localhost:4000'
    const key = args.key ?? config.apiKey ?? devState(config.dataDir).read()?.apiKey
    if (key === undefined) return refuse('no API key: use --key, or set CARILLON_API_KEY')
    const { title, body, link, type, priority } = args
    const notification = { to: recipient(args.to), type, title, body, url: link, priority }
    const response = await fetch(new URL('/v1/notifications', hub), {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(notification),
      signal: AbortSignal.timeout(10_000),
    }).catch((error: Error) => refuse(`${hub} does not answer: ${error.cause ?? error.message}`))
    const answer = await response.text()
    if (response.status !== 202) refuse(`${hub} answered ${response.status}: ${answer}`)
    say(answer)
  },
})
