import { randomUUID } from 'node:crypto'
import { firstPart, operationMessage, type Verb } from '@carillon/core/items/operation-work'
import type { LiveMessage } from '@carillon/core/live/port'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import type { ItemSelection, NotificationInput } from '@carillon/schemas'
import { expect, vi } from 'vitest'
import { providersOf, scripted } from '../../sending/testing/scripted.ts'
import { openWorld } from '../../testing/dispatcher.ts'

export const uuidv7 = () => derivedUuid7(Date.now(), randomUUID())
export const until = (check: () => unknown) => vi.waitFor(check, { timeout: 10_000, interval: 10 })

/** Opens a dispatcher with a scripted mail provider, for operations. `live`: messages to connected apps. `bus`: the port. */
export const openOperationWorld = async (options: Parameters<typeof openWorld>[0] = {}) => {
  const mail = scripted('mail', ['email'])
  const world = await openWorld({ providers: providersOf(mail), ...options })
  await world.account('mail')
  const live: LiveMessage[] = []
  vi.spyOn(world.live, 'deliver').mockImplementation(async (messages) => {
    live.push(...messages.filter(({ to }) => to !== 'nobody'))
    return messages.map(({ to }) => ({ whole: true, other: to === 'nobody', active: true }))
  })
  const { store, stream, tenant } = world
  /** Starts an operation. Resolves with its id. */
  const start = async (verb: Verb, target: ItemSelection) => {
    const operation = { id: uuidv7(), createdAt: Date.now(), until: (await stream.now(tenant)) + 1 }
    await store.operations.begin(tenant, { ...operation, kind: verb.kind })
    await stream.publish([operationMessage(tenant, firstPart({ ...operation, verb, target }))])
    return operation.id
  }
  /** Waits for the end of an operation. */
  const ended = async (id: string) => {
    await until(async () => expect(await store.operations.get(tenant, id)).toMatchObject({ finished: true }))
    return store.operations.get(tenant, id)
  }
  const inbox = async (user: string, status: 'active' | 'archived' = 'active') =>
    (await store.inbox.page({ tenant, user }, { status, limit: 50 })).items
  const order = (title: string, more: Partial<NotificationInput> = {}) =>
    world.send({ to: 'ada', type: 'order', entity: 'order-7', title, ...more })
  return {
    ...world,
    ...{ mail, live, bus: world.live, start, ended, inbox, order },
    operate: async (verb: Verb, target: ItemSelection) => ended(await start(verb, target)),
  }
}

export type OperationWorld = Awaited<ReturnType<typeof openOperationWorld>>
