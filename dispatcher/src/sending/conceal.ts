import type { Address, Outcome } from '@carillon/core/delivery/provider'

/** What of an address could stand in a provider's words. */
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
  // Where lower case is longer or shorter, places in it are none in the text.
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
 * The outcome without the address that was written to, as in "550 <…>: no such user". A provider's words go into the
 * ledger, the dead letters and the log, where addresses are not kept. Pure.
 */
export const concealed = (outcome: Outcome, address: Address): Outcome => {
  if (outcome.outcome === 'sent') return outcome
  return { ...outcome, detail: wordsOf(address).reduce(replaced, outcome.detail) }
}
