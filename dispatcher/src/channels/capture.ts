import type { Address, Captured, Outgoing, Provider } from '@carillon/core/delivery/provider'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import { CHANNELS, type InboxItem } from '@carillon/schemas'
import { z } from 'zod'
import { renderEmail } from '../render/email.ts'
import { plainText } from '../render/text.ts'

const Config = z.strictObject({})

const TEXT_MAX = 4_096

const recipient = (address: Address, user: string): string => {
  if (address.kind === 'email') return address.email
  return address.kind === 'phone' ? address.phone : user
}

const captured = (message: Outgoing): Captured => {
  const { channel, user, notification, key, address, content } = message
  const about = {
    id: key,
    at: new Date().toISOString(),
    user,
    channel,
    to: recipient(address, user),
    notification,
  }
  return channel === 'email'
    ? { ...about, ...renderEmail(message) }
    : {
        ...about,
        ...(content.title === undefined ? {} : { subject: content.title }),
        text: plainText(content, { max: TEXT_MAX }),
      }
}

/** A message that was not captured, for the same list: it could not be sent, or an account sends it for real. */
export const listedMessage = (
  step: Step,
  item: InboxItem | undefined,
  more: Pick<Captured, 'skipped' | 'provider' | 'trouble'>,
): Captured => {
  const { user, notification, plan, index, target = '' } = step
  return {
    id: deliveryKey(step, target),
    at: new Date().toISOString(),
    user,
    channel: plan[index]!.channel,
    to: user,
    notification,
    ...(item?.title === undefined ? {} : { subject: item.title }),
    text: item?.body ?? '',
    ...more,
  }
}

/**
 * In development, stands in for every channel without an account of its own: what would have been sent is rendered and
 * shown on the demo page, and goes nowhere.
 */
export const capture: Provider<z.infer<typeof Config>> = {
  name: 'capture',
  channels: CHANNELS,
  config: Config,
  repeatable: true,
  concurrency: 64,
  needs: () => 'account',
  open: (_config, tools) => ({
    send: async (message) => {
      if (!tools.capture)
        return { outcome: 'account', reason: 'development_only', detail: 'capture works in carillon dev' }
      tools.capture(captured(message))
      return { outcome: 'sent', id: message.key }
    },
    verify: async () => {},
    close: async () => {},
  }),
}
