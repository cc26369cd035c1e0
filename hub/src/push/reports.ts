import { pushKey } from '@carillon/core/delivery/push-key'
import { type Push, readPush } from '@carillon/core/delivery/push-token'
import { isPushObsolete } from '@carillon/core/delivery/push-updates'
import { ProblemError } from '@carillon/core/errors'
import { grouped } from '@carillon/core/group-by'
import type { Seal } from '@carillon/core/security/seal'
import type { Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { ShownPushes } from '@carillon/core/store/ports/shown-pushes'
import type { Users } from '@carillon/core/store/ports/users'
import type { VariantFigures } from '@carillon/core/store/ports/variant-figures'
import { isVoid } from '@carillon/core/store/rules/erasure'
import type { Log } from '@carillon/core/telemetry/log'
import type { InboxItem } from '@carillon/schemas'
import type { Verbs } from '../inbox/verbs.ts'
import type { PushLedger } from './ledger.ts'

/** A report of a device. `shown`: the push is still shown. `action`: the button that was clicked. */
export type DeviceReport = {
  token: string
  event: 'delivered' | 'clicked' | 'shown'
  action?: string | undefined
}

type Verified = Omit<DeviceReport, 'token'> & { push: Push }

/** `withdraw`: the items whose pushes a device should remove. `unread` is absent for reports of several users. */
export type ReportsResult = { recorded: number; ignored: number; unread?: number; withdraw: string[] }

const ownerOf = ({ tenant, user }: Push) => `${tenant}\n${user}`

const itemIds = (reports: readonly Verified[]): string[] => [
  ...new Set(reports.flatMap(({ push: { item } }) => item ?? [])),
]

/**
 * Returns a function that applies reports of devices about pushes to the ledger, the items and the figures of variants.
 * Each report counts once, at the time of its request. Reports whose token is invalid, expired or of an erased user are
 * ignored. `limit` counts the request against the limits of a user and throws if they are exceeded.
 */
export const createPushReports = ({
  seal,
  users,
  inbox,
  verbs,
  ledger,
  variantFigures,
  shownPushes,
  limit,
  log,
}: {
  seal: Seal
  users: Pick<Users, 'erased'>
  inbox: Pick<Inbox, 'get' | 'counts'>
  verbs: Pick<Verbs, 'clickedPushes' | 'act'>
  ledger: PushLedger
  variantFigures: Pick<VariantFigures, 'mark'>
  shownPushes: Pick<ShownPushes, 'remove'>
  limit: (owner: Owner) => Promise<unknown>
  log: Log
}) => {
  const verified = async (reports: readonly DeviceReport[], now: number): Promise<Verified[]> => {
    const read = await Promise.all(
      reports.map(async ({ token, ...report }) => ({ ...report, push: await readPush(seal, token, now) })),
    )
    const valid = read.flatMap(({ push, ...report }) => ('fault' in push ? [] : [{ ...report, push }]))
    const byTenant = grouped(valid, ({ push }) => push.tenant)
    const parts = await Promise.all(
      [...byTenant].map(async ([tenant, some]) => {
        const erased = await users.erased(tenant, [...new Set(some.map(({ push }) => push.user))])
        return some.filter(({ push }) => !isVoid(erased.get(push.user), push.issuedAt))
      }),
    )
    return parts.flat()
  }

  /** Records clicks on items and buttons. A button without an effect, such as one that was removed, is a click. */
  const clicked = async (owner: Owner, reports: readonly Verified[]) => {
    const clicks = reports.filter(({ event, push }) => event === 'clicked' && push.item !== undefined)
    if (clicks.length === 0) return
    // A device removes a push that was clicked there, so no update has to name it.
    await shownPushes.remove(
      owner.tenant,
      clicks.map(({ push: { user, device, item = '' } }) => ({
        user,
        device,
        key: pushKey({ item, key: '' }),
      })),
    )
    await verbs.clickedPushes(owner, itemIds(clicks))
    for (const { action, push } of clicks)
      if (action !== undefined && push.item !== undefined)
        await verbs.act(owner, push.item, action).catch((error: unknown) => {
          if (!(error instanceof ProblemError && error.problem.code === 'not_found')) throw error
        })
  }

  const delivered = async ({ tenant, user }: Owner, reports: readonly Verified[], items: InboxItem[]) => {
    const ids = itemIds(reports.filter(({ event }) => event !== 'shown'))
    const marks = items
      .filter(({ id, test }) => !test && ids.includes(id))
      .flatMap(({ type, variant, notification }) =>
        variant === undefined ? [] : [{ type, variant, notification, user, figure: 'delivered' as const }],
      )
    if (marks.length === 0) return
    await variantFigures.mark(tenant, marks).catch((err: unknown) => {
      log.warn({ err, tenant, marks: marks.length }, 'figures of variants were not counted')
    })
  }

  /** Applies the reports of one user. Returns the items whose pushes are obsolete. */
  const applyTo = async (owner: Owner, reports: readonly Verified[]): Promise<string[]> => {
    await limit(owner)
    await clicked(owner, reports)
    const ids = itemIds(reports)
    const items = ids.length === 0 ? [] : await inbox.get(owner, ids)
    await delivered(owner, reports, items)
    const known = new Map(items.map((item) => [item.id, item]))
    const now = Date.now()
    return ids.filter((id) => isPushObsolete(known.get(id), now))
  }

  return async (reports: readonly DeviceReport[]): Promise<ReportsResult> => {
    const valid = await verified(reports, Date.now())
    const withdraw: string[] = []
    const owners = [...grouped(valid, ({ push }) => ownerOf(push)).values()]
    for (const some of owners) {
      const [{ push }] = some as [Verified]
      withdraw.push(...(await applyTo({ tenant: push.tenant, user: push.user }, some)))
    }
    for (const [tenant, some] of grouped(valid, ({ push }) => push.tenant))
      await ledger(
        tenant,
        some.flatMap(({ event, push: { notification, user, toAudience, step, device } }) =>
          event === 'shown' ? [] : [{ notification, user, toAudience, step, device, state: event }],
        ),
      )
    const counts = { recorded: valid.length, ignored: reports.length - valid.length }
    const [only] = owners.length === 1 ? (owners[0] ?? []) : []
    if (!only) return { ...counts, withdraw }
    const { tenant, user } = only.push
    return { ...counts, unread: (await inbox.counts({ tenant, user })).counts.unread, withdraw }
  }
}

export type PushReports = ReturnType<typeof createPushReports>
