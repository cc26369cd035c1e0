import type { Address } from '@carillon/core/delivery/provider'

/** Returns the host of an address that is a URL; '' for all others. */
export const hostOf = (address: Address): string => {
  if (address.kind !== 'device') return ''
  const { device } = address
  const url = 'url' in device ? device.url : 'endpoint' in device ? device.endpoint : undefined
  return url === undefined ? '' : new URL(url).host
}

/** Returns the key for rate limits of one recipient: the mailbox, number, URL, token or chat. */
export const recipientOf = (address: Address): string => {
  if (address.kind === 'email') return address.email.toLowerCase()
  if (address.kind === 'phone') return address.phone
  if (address.kind === 'account') return ''
  const { device } = address
  if ('url' in device) return device.url
  if ('endpoint' in device) return device.endpoint
  if ('token' in device) return device.token
  return 'chat' in device ? device.chat : device.channel
}
