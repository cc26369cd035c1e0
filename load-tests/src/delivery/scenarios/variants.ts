import type { InboxItem, InboxPage, VariantFigures } from '@carillon/schemas'
import { expect } from 'vitest'
import { eventually, type Scenario } from '../context.ts'

const USERS = Array.from({ length: 12 }, (_, index) => `reader-${index}`)

/** Variants of a type, from the split to the figures. */
export const VARIANTS: Scenario = {
  title:
    'each person gets one variant of a type, with its texts and plan, and its figures follow what they do',
  run: async ({ account, ledger, mail, ok, token, user }) => {
    const server = await mail()
    await account('mail', server.account)
    for (const each of USERS) await user(each, { email: `${each}@home.example` })
    await ok('PUT', '/v1/types/news', {
      content: { title: 'The news' },
      variants: [
        { key: 'calm', weight: 1, content: { title: 'calm' } },
        {
          ...{ key: 'loud', weight: 1, content: { title: 'loud', actions: [{ name: 'go', label: 'Go' }] } },
          plan: [{ channel: 'email', when: 'always' }],
        },
      ],
    })
    const { id } = await ok<{ id: string }>('POST', '/v1/notifications', { to: USERS, type: 'news' })
    const items = new Map<string, InboxItem>()
    await eventually(async () => {
      for (const each of USERS) {
        const page = await ok<InboxPage>('GET', '/v1/inbox', undefined, await token(each))
        expect(page.items).toHaveLength(1)
        items.set(each, page.items[0]!)
      }
    })
    const of = (variant: string) => USERS.filter((each) => items.get(each)?.variant === variant)
    expect([...of('calm'), ...of('loud')].sort()).toEqual([...USERS].sort())
    for (const each of USERS) expect(items.get(each)?.title).toBe(items.get(each)?.variant)
    await eventually(() => expect(server.accepted).toHaveLength(of('loud').length))
    for (const each of of('loud'))
      await ledger(id, each, { channel: 'email', state: 'sent', variant: 'loud' })

    // The tenant is random, and so is the split: a variant may have nobody.
    const [reader, clicker] = [of('calm')[0], of('loud')[0]]
    if (reader) await ok('PATCH', `/v1/inbox/${items.get(reader)?.id}`, { read: true }, await token(reader))
    if (clicker)
      await ok('POST', `/v1/inbox/${items.get(clicker)?.id}/actions/go`, undefined, await token(clicker))
    const path = `/v1/notifications/${id}/explain?user=${USERS[0]}`
    const { decisions } = await ok<{ decisions: object[] }>('GET', path)
    expect(decisions).toContainEqual(
      expect.objectContaining({ stage: 'inbox', variant: items.get(USERS[0]!)?.variant }),
    )
    await eventually(async () => {
      const { variants } = await ok<{ variants: VariantFigures[] }>('GET', '/v1/types/news/variants')
      const [calm, loud] = variants
      expect(of('calm').length - (calm?.sent ?? 0)).toBeOneOf([0, 1])
      expect(of('loud').length - (loud?.sent ?? 0)).toBeOneOf([0, 1])
      expect(calm).toMatchObject({ key: 'calm', weight: 1, read: reader ? 1 : 0, clicked: 0 })
      expect(loud).toMatchObject({ read: clicker ? 1 : 0, clicked: clicker ? 1 : 0 })
    })
  },
}
