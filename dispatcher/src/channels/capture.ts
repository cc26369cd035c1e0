import type { Captured } from '@carillon/core/delivery/captured'
import type { Address, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import { renderEmail } from '@carillon/core/render/email'
import { plainText } from '@carillon/core/render/text'
import { CHANNELS, type ItemContent } from '@carillon/schemas'
import { z } from 'zod'

const CaptureConfig = z.strictObject({})

const TEXT_MAX = 4_096

const recipientOf = (address: Address, user: string): string => {
  if (address.kind === 'email') return address.email
  return address.kind === 'phone' ? address.phone : user
}

/** Returns the copies and the file names of an e-mail, for the list of captured messages. */
const addedBy = ({ extras }: Outgoing): Pick<Captured, 'cc' | 'bcc' | 'files'> => {
  const { cc = [], bcc = [], files = [] } = extras ?? {}
  return {
    ...(cc.length > 0 && { cc: cc.map(({ email }) => email) }),
    ...(bcc.length > 0 && { bcc: bcc.map(({ email }) => email) }),
    ...(files.length > 0 && { files: files.map(({ filename }) => filename) }),
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
    ? { ...common, ...renderEmail(message), ...addedBy(message) }
    : {
        ...common,
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
