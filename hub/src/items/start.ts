import { setTimeout as sleep } from 'node:timers/promises'
import { labelOf } from '@carillon/core/items/labels'
import { firstPart, operationMessage, type Verb } from '@carillon/core/items/operation-work'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { ItemSelection } from '@carillon/schemas'
import type { Cancel } from '../notifications/cancel.ts'

/** Longer than the resolution of the log's times, in ms. */
const TICK_MS = 2

type Starting = { tenant: string; id: string; verb: Verb; target: ItemSelection }

/**
 * Returns a function that starts an operation on delivered items. A recall that names no user first cancels the notifications
 * that the log accepted before and that are not delivered yet, even if no dispatcher has read them. Repeatable with the same
 * id. Throws `not_found` for a notification that was never accepted, and `stream_full`.
 */
export const createStartOperation =
  ({
    store: { labelled, operations },
    stream,
    cancel,
  }: {
    store: Pick<Store, 'labelled' | 'operations'>
    stream: Pick<Stream, 'publish' | 'now'>
    cancel: Pick<Cancel, 'require' | 'recalled'>
  }) =>
  async ({ tenant, id, verb, target }: Starting): Promise<void> => {
    const { notification, user, context } = target
    if (notification !== undefined) await cancel.require(tenant, notification)
    const at = await stream.now(tenant)
    const ticked = sleep(TICK_MS)
    const label = labelOf(target)
    if (verb.kind === 'recall' && user === undefined) {
      if (label !== undefined) await labelled.recall(tenant, label, { at, context })
      if (notification !== undefined && context === undefined) await cancel.recalled(tenant, notification)
    }
    const createdAt = Date.now()
    await operations.begin(tenant, { id, kind: verb.kind, createdAt })
    await ticked
    await stream.publish([
      operationMessage(tenant, firstPart({ id, createdAt, until: at + 1, verb, target })),
    ])
  }

export type StartOperation = ReturnType<typeof createStartOperation>
