import type { InContext } from '@carillon/core/contexts/in-context'
import type { MessageSender } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'

type Tenancy = Pick<InContext, 'settings'>

/** Returns the from address or number that the context or tenant sets for a channel; undefined if the account decides. */
export const senderOf = ({ settings }: Tenancy, channel: Channel): MessageSender | undefined => {
  const { email, sms, mms } = settings.senders ?? {}
  if (channel === 'email') return email && { mailbox: email.from, replyTo: email.replyTo }
  const number = { sms, mms }[channel as 'sms' | 'mms']?.from
  return number === undefined ? undefined : { number }
}
