import type { NotificationInput } from '@carillon/schemas'
import { say } from '../process/output.ts'
import { type HubOptions, hubRequest } from './hub-request.ts'

const recipient = (to: string): NotificationInput['to'] => {
  if (to === 'everyone') return { everyone: true }
  return to.startsWith('topic:') ? { topic: to.slice('topic:'.length) } : to
}

type Options = HubOptions & {
  to: string
  title?: string
  body?: string
  link?: string
  type: string
  priority?: string
  dryRun?: true
}

export const send = async (options: Options) => {
  const { title, body, link, type, priority, dryRun } = options
  const notification = { to: recipient(options.to), type, title, body, url: link, priority, dryRun }
  say(
    await hubRequest(options, {
      ...{ method: 'POST', path: '/v1/notifications' },
      ...{ body: notification, expected: dryRun ? 200 : 202 },
    }),
  )
}
