import type { DeliveredItem, ItemsOperation, NotificationStatus, OperationReceipt } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, openContext } from '../context.ts'
import type { Environment } from '../environment.ts'

/** Three parts of each operation. */
const PEOPLE = 1_500
const ADDED = 500
const PAGE = 100

export const OPERATION_KILLED = 'operations whose workers are killed reach every inbox, and count it once'

/**
 * Kills the workers while a broadcast is recalled and another one is replaced. Afterwards both operations complete with exact
 * counts, every inbox is changed, and open apps show it.
 */
export const killOperation = async (environment: Environment): Promise<void> => {
  const context = await openContext(environment)
  const { app, ok, send } = context
  try {
    const users = Array.from({ length: PEOPLE }, (_, index) => `reader-${index}`)
    for (let first = 0; first < PEOPLE; first += ADDED)
      await ok('POST', '/v1/topics/readers/members', { users: users.slice(first, first + ADDED) })
    const feeds = await Promise.all(
      [users[0]!, users[PEOPLE - 1]!].map(async (user) => {
        const feed = (await app(user)).feed()
        feed.subscribe(() => {})
        return feed
      }),
    )
    const sent = await Promise.all(
      ['mistake', 'draft'].map((title) => send({ to: { topic: 'readers' }, entity: title, title })),
    )
    for (const id of sent)
      await eventually(async () =>
        expect(await ok<NotificationStatus>('GET', `/v1/notifications/${id}`)).toMatchObject({
          ...{ state: 'delivered', recipients: PEOPLE },
        }),
      )

    const begun = await Promise.all([
      ok<OperationReceipt>('POST', '/v1/items/recall', { entity: 'mistake' }),
      ok<OperationReceipt>('POST', '/v1/items/replace', { entity: 'draft', content: { title: 'final' } }),
    ])
    const operations = () =>
      Promise.all(begun.map(({ operation }) => ok<ItemsOperation>('GET', `/v1/operations/${operation}`)))
    await eventually(async () => {
      expect(Math.max(...(await operations()).map(({ done }) => done))).toBeGreaterThan(0)
    })
    await environment.killWorkers()
    await environment.replaceWorkers()

    await eventually(async () =>
      expect(await operations()).toMatchObject([
        { kind: 'recall', state: 'done', done: PEOPLE, total: PEOPLE },
        { kind: 'replace', state: 'done', done: PEOPLE, total: PEOPLE },
      ]),
    )
    const found: DeliveredItem[] = []
    let before: string | null = ''
    while (before !== null) {
      const after: string = before === '' ? '' : `&before=${encodeURIComponent(before)}`
      const page = await ok<{ items: DeliveredItem[]; next: string | null }>(
        ...(['GET', `/v1/items?entity=draft&limit=${PAGE}${after}`] as const),
      )
      found.push(...page.items)
      before = page.next
    }
    expect(new Set(found.map(({ user }) => user)).size).toBe(PEOPLE)
    expect(new Set(found.map(({ title }) => title))).toEqual(new Set(['final']))
    const left = await ok<{ items: DeliveredItem[] }>('GET', `/v1/items?entity=mistake&limit=${PAGE}`)
    expect(left.items).toEqual([])
    for (const feed of feeds)
      await eventually(() => expect(feed.getSnapshot().items.map(({ title }) => title)).toEqual(['final']))
  } finally {
    await context.close()
  }
}
