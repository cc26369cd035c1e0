import type { Address, MailExtras, Outcome } from '@carillon/core/delivery/provider'

/** Returns the parts of an address that a provider may repeat in its answer. */
const wordsOf = (address: Address): string[] => {
  if (address.kind === 'email') return [address.email]
  if (address.kind === 'phone') return [address.phone, address.phone.slice(1)]
  if (address.kind === 'account') return []
  const { device } = address
  return ['endpoint', 'token', 'url'].flatMap((field) => {
    const value = (device as Record<string, unknown>)[field]
    return typeof value === 'string' && value !== '' ? [value] : []
  })
}

const replaced = (text: string, word: string): string => {
  const lower = text.toLowerCase()
  const wanted = word.toLowerCase()
  // If lower case changes the length, positions in it do not match the text.
  if (lower.length !== text.length || wanted.length !== word.length) return text.replaceAll(word, '…')
  let result = ''
  let from = 0
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    result += `${text.slice(from, at)}…`
    from = at + wanted.length
  }
  return result + text.slice(from)
}

/**
 * Returns the outcome without the addresses of the recipient and of the extras, as in "550 <…>: no such user". A provider's
 * answer goes into the ledger, the dead letters and the log, where addresses are not stored. Pure.
 */
export const redacted = (outcome: Outcome, address: Address, extras?: MailExtras): Outcome => {
  if (outcome.outcome === 'sent') return outcome
  const { cc = [], bcc = [], replyTo } = extras ?? {}
  const added = [...cc, ...bcc, ...(replyTo ? [replyTo] : [])].map(({ email }) => email)
  return { ...outcome, detail: [...wordsOf(address), ...added].reduce(replaced, outcome.detail) }
}
