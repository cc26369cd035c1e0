import type { EmailOverrides } from '@carillon/schemas'
import type { Store } from '../store/port.ts'
import type { Passed } from '../store/ports/deliveries.ts'
import { addressKey } from './addresses.ts'
import type { Mailbox } from './provider.ts'

/** The addresses that get a copy. `leftOut` names the suppressed ones by their place in the request, not by address. */
export type Copies = { cc: readonly Mailbox[]; bcc: readonly Mailbox[]; leftOut: readonly Passed[] }

/**
 * Returns whether a sender asks for copies of an e-mail. Such an e-mail has no links that act for its recipient, because
 * whoever reads a copy could change the recipient's preferences with them.
 */
export const hasCopies = ({ cc = [], bcc = [] }: Pick<EmailOverrides, 'cc' | 'bcc'> = {}): boolean =>
  cc.length + bcc.length > 0

const NONE: Copies = { cc: [], bcc: [], leftOut: [] }

/**
 * Looks up which addresses in `cc` and `bcc` get a copy of an e-mail. Each gets one copy. Suppressed addresses and the
 * recipient's own get none.
 */
export const createCopies =
  ({ suppressions }: Pick<Store, 'suppressions'>) =>
  async (
    tenant: string,
    { cc = [], bcc = [] }: Pick<EmailOverrides, 'cc' | 'bcc'> = {},
    recipient: string | undefined,
  ): Promise<Copies> => {
    const asked = [
      ...cc.map((mailbox, index) => ({ mailbox, field: 'cc' as const, index })),
      ...bcc.map((mailbox, index) => ({ mailbox, field: 'bcc' as const, index })),
    ]
    if (asked.length === 0) return NONE
    const found = await suppressions.find(
      tenant,
      asked.map(({ mailbox }) => ({ channel: 'email' as const, address: mailbox.email })),
    )
    const met = new Set(recipient === undefined ? [] : [addressKey(recipient)])
    const copies = { cc: [] as Mailbox[], bcc: [] as Mailbox[] }
    const suppressed: string[] = []
    for (const [place, { mailbox, field, index }] of asked.entries()) {
      const key = addressKey(mailbox.email)
      if (met.has(key)) continue
      met.add(key)
      if (found[place] === undefined) copies[field].push(mailbox)
      else suppressed.push(`overrides.email.${field}.${index}`)
    }
    if (suppressed.length === 0) return { ...copies, leftOut: [] }
    const path = suppressed.join(', ')
    const leftOut = { at: Date.now(), stage: 'send', by: 'sender', path, reason: 'copy_suppressed' } as const
    return { ...copies, leftOut: [leftOut] }
  }

export type FindCopies = ReturnType<typeof createCopies>
