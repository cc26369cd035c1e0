import type { Captured, CapturedEnvelope } from '@carillon/core/delivery/captured'
import type { Address, Mailbox, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import { renderEmail } from '@carillon/core/render/email'
import { plainText } from '@carillon/core/render/text'
import { CHANNELS, type ItemContent } from '@carillon/schemas'
import { z } from 'zod'
import { listHeaders } from './email/compose.ts'

const CaptureConfig = z.strictObject({})

const TEXT_MAX = 4_096

const recipientOf = (address: Address, user: string): string => {
  if (address.kind === 'email') return address.email
  return address.kind === 'phone' ? address.phone : user
}

const written = ({ email, name }: Mailbox) => (name ? `${name} <${email}>` : email)

/** Returns what an e-mail has beside its content, without the contents of its files. */
const envelopeOf = (message: Outgoing): z.infer<typeof CapturedEnvelope> => {
  const { sender, extras } = message
  const { cc = [], bcc = [], files = [], headers } = extras ?? {}
  const replyTo = extras?.replyTo ?? sender?.replyTo
  return {
    ...(sender?.mailbox && { from: written(sender.mailbox) }),
    ...(replyTo && { replyTo: written(replyTo) }),
    ...(cc.length > 0 && { cc: cc.map(written) }),
    ...(bcc.length > 0 && { bcc: bcc.map(written) }),
    headers: { ...headers, ...listHeaders(message) },
    ...(files.length > 0 && {
      attachments: files.map(({ filename, contentType, content }) => ({
        ...{ filename, contentType, size: content.length },
      })),
    }),
  }
}

const render = (message: Outgoing): Captured => {
  const { channel, user, notification, key, address, content } = message
  const common = {
    id: key,
    at: new Date().toISOString(),
    user,
    channel,
    to: recipientOf(address, user),
    notification,
  }
  return channel === 'email'
    ? { ...common, ...renderEmail(message), ...envelopeOf(message) }
    : {
        ...common,
        ...(message.sender?.number === undefined ? {} : { from: message.sender.number }),
        ...(content.title === undefined ? {} : { subject: content.title }),
        text: plainText(content, { max: TEXT_MAX }),
      }
}

/** Builds the entry of a message that was not captured: it was skipped, or a real account sends it. */
export const listedMessage = (
  step: Step,
  content: ItemContent | undefined,
  more: Pick<Captured, 'skipped' | 'provider' | 'trouble'>,
): Captured => {
  const { user, notification, plan, index, destination = '' } = step
  return {
    id: deliveryKey(step, destination),
    at: new Date().toISOString(),
    user,
    channel: plan[index]!.channel,
    to: user,
    notification,
    ...(content?.title === undefined ? {} : { subject: content.title }),
    text: content?.body ?? '',
    ...more,
  }
}

/**
 * Development only: the provider of every channel without an account. Messages are rendered and shown on the demo page,
 * but not sent.
 */
export const capture: Provider<z.infer<typeof CaptureConfig>> = {
  name: 'capture',
  channels: CHANNELS,
  config: CaptureConfig,
  repeatable: true,
  concurrency: 64,
  needs: () => 'account',
  open: (_config, tools) => ({
    send: async (message) => {
      if (!tools.capture)
        return {
          outcome: 'account',
          reason: 'development_only',
          detail: 'capture only works in carillon dev',
        }
      tools.capture(render(message))
      return { outcome: 'sent', id: message.key }
    },
    verify: async () => {},
    close: async () => {},
  }),
}
