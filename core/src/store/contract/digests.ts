import { describe, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { type Joining, type Leaving, MEMBERS_MAX, type OpenWindow } from '../ports/digests.ts'
import { freshTenant, HOUR } from './samples.ts'

const AT = Date.UTC(2026, 0, 31, 9)

const joining = (member: string, changes: Partial<Joining> = {}): Joining => ({
  user: 'ada',
  window: 'email',
  member,
  step: `step ${member}`,
  at: AT,
  until: Date.now() + HOUR,
  open: { id: `by ${member}`, closesAt: AT + HOUR, about: '{"channel":"email"}' },
  ...changes,
})

const opening = (id: string) => ({ user: 'ada', window: 'email', id })

export const digestsContract = (store: () => Store): void => {
  describe('digests', () => {
    const membersOf = async (tenant: string, id: string) =>
      (await store().digests.members(tenant, opening(id))).map(({ member }) => member)

    test('the first member opens a window, and others join it', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const closesAt = AT + HOUR
      expect(await digests.join(tenant, [joining('a'), joining('b', { at: AT + 1 })])).toEqual([
        { id: 'by a', closesAt, opened: true, collected: true, filled: false },
        { id: 'by a', closesAt, opened: false, collected: true, filled: false },
      ])
      expect(await digests.join(tenant, [joining('c', { at: AT + 2 })])).toEqual([
        { id: 'by a', closesAt, opened: false, collected: true, filled: false },
      ])
      const open: OpenWindow = {
        ...{ user: 'ada', window: 'email', id: 'by a', opensAt: AT, closesAt },
        about: '{"channel":"email"}',
        size: 3,
      }
      expect(await digests.get(tenant, open)).toEqual(open)
      expect(await digests.open(tenant, ['ada'])).toEqual([open])
      expect(await digests.members(tenant, opening('by a'))).toEqual([
        { member: 'a', step: 'step a', at: AT },
        { member: 'b', step: 'step b', at: AT + 1 },
        { member: 'c', step: 'step c', at: AT + 2 },
      ])
      expect(await digests.join(tenant, [])).toEqual([])
    })

    test('tells what members have joined, open or closed', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      await digests.join(tenant, [joining('a', { first: true }), joining('b')])
      await digests.close(tenant, opening('by a'), 'together')
      await digests.join(tenant, [joining('c')])
      const places = ['a', 'b', 'c', 'd'].map((member) => ({ user: 'ada', window: 'email', member }))
      const elsewhere = { user: 'ada', window: 'sms', member: 'b' }
      expect(await digests.joined(tenant, [...places, elsewhere])).toEqual([
        { id: 'by a', collected: false },
        { id: 'by a', collected: true },
        { id: 'by c', collected: true },
        undefined,
        undefined,
      ])
      expect(await digests.joined(freshTenant(), places.slice(1, 2))).toEqual([undefined])
      expect(await digests.joined(tenant, [elsewhere])).toEqual([undefined])
      expect(await digests.join(tenant, [joining('b')])).toMatchObject([{ id: 'by a', closesAt: 0 }])
      expect(await digests.joined(tenant, [])).toEqual([])
    })

    test('a closed opening keeps its members, and the next member opens another', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      await digests.join(tenant, [joining('a')])
      await digests.close(tenant, opening('by a'), 'together')
      await digests.close(tenant, opening('by a'), 'together')
      expect(await digests.get(tenant, opening(''))).toBeUndefined()
      expect(await digests.open(tenant, ['ada'])).toEqual([])
      expect(await digests.join(tenant, [joining('b')])).toMatchObject([{ id: 'by b', opened: true }])
      await digests.close(tenant, opening('by a'), 'together')
      expect(await digests.join(tenant, [joining('c')])).toMatchObject([{ id: 'by b', opened: false }])
      expect([await membersOf(tenant, 'by a'), await membersOf(tenant, 'by b')]).toEqual([['a'], ['b', 'c']])
    })

    test('an opening is closed once: how its members leave is decided by the first call', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const close = (id: string, leaving: Leaving) => digests.close(tenant, opening(id), leaving)
      await digests.join(tenant, [joining('a'), joining('b')])
      expect(await close('other', 'apart')).toBe('together')
      expect([await close('by a', 'apart'), await close('by a', 'together')]).toEqual(['apart', 'apart'])
      expect(await membersOf(tenant, 'by a')).toEqual(['a', 'b'])
      expect(await digests.join(tenant, [joining('c')])).toMatchObject([{ id: 'by c', opened: true }])
      expect([await close('by c', 'together'), await close('by c', 'apart')]).toEqual([
        'together',
        'together',
      ])
      expect(await close('by a', 'together')).toBe('apart')
    })

    test('open windows are those of all users that are asked for', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      await digests.join(
        tenant,
        ['ada', 'bob', 'cleo'].map((user) => joining('a', { user })),
      )
      const open = await digests.open(tenant, ['ada', 'cleo', 'dan'])
      expect(open.map(({ user }) => user).sort()).toEqual(['ada', 'cleo'])
      expect(await digests.open(tenant, [])).toEqual([])
    })

    test('a member that joins again is in the same opening, open or closed', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      await digests.join(tenant, [joining('a'), joining('b')])
      expect(
        await digests.join(tenant, [joining('b', { open: joining('other').open }), joining('a')]),
      ).toMatchObject([
        { id: 'by a', opened: false, collected: true },
        { id: 'by a', opened: true, collected: true },
      ])
      await digests.close(tenant, opening('by a'), 'together')
      expect(await digests.join(tenant, [joining('a'), joining('c'), joining('b')])).toMatchObject([
        { id: 'by a', opened: false },
        { id: 'by c', opened: true },
        { id: 'by a', opened: false },
      ])
      expect([await membersOf(tenant, 'by a'), await membersOf(tenant, 'by c')]).toEqual([['a', 'b'], ['c']])
    })

    test('the first member can be let through', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const first = { first: true }
      const [alone] = await digests.join(tenant, [joining('a', first)])
      expect(alone).toMatchObject({ id: 'by a', opened: true, collected: false })
      expect(await digests.join(tenant, [joining('a', first), joining('b', first)])).toMatchObject([
        { id: 'by a', opened: true, collected: false },
        { id: 'by a', opened: false, collected: true },
      ])
      expect(await membersOf(tenant, 'by a')).toEqual(['b'])
    })

    test('a sliding window closes later with each member, up to its total', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const slide = { windowMs: HOUR, mostMs: 2 * HOUR }
      const at = async (member: string, time: number) => {
        const [joined] = await digests.join(tenant, [joining(member, { at: time, slide })])
        return joined!.closesAt - AT
      }
      expect(await at('a', AT)).toBe(HOUR)
      expect(await at('b', AT + HOUR / 2)).toBe(1.5 * HOUR)
      // A member that was delayed does not shorten the window.
      expect(await at('c', AT + HOUR / 4)).toBe(1.5 * HOUR)
      expect(await at('d', AT + 1.4 * HOUR)).toBe(2 * HOUR)
      expect((await digests.get(tenant, opening('')))?.closesAt).toBe(AT + 2 * HOUR)
    })

    test('an opening can be moved while it is open', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      await digests.join(tenant, [joining('a')])
      expect(await digests.move(tenant, opening('by a'), AT + 5)).toBe(true)
      expect((await digests.get(tenant, opening('')))?.closesAt).toBe(AT + 5)
      expect(await digests.move(tenant, opening('other'), AT)).toBe(false)
      await digests.close(tenant, opening('by a'), 'together')
      expect(await digests.move(tenant, opening('by a'), AT)).toBe(false)
      expect(await digests.get(tenant, opening(''))).toBeUndefined()
    })

    test('windows of other names, users and tenants are separate', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const places = [
        { user: 'ada', window: 'email' },
        { user: 'ada', window: 'push' },
        { user: 'bob', window: 'email' },
      ]
      const joined = await digests.join(
        tenant,
        places.map((place, index) =>
          joining('same', { ...place, open: { ...joining('').open, id: `${index}` } }),
        ),
      )
      expect(joined.map(({ id, opened }) => [id, opened])).toEqual([
        ['0', true],
        ['1', true],
        ['2', true],
      ])
      expect(await digests.join(freshTenant(), [joining('same')])).toMatchObject([{ opened: true }])
      expect((await digests.open(tenant, ['ada'])).map(({ window }) => window).sort()).toEqual([
        'email',
        'push',
      ])
    })

    test('many members join at once, with results in order', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const all = Array.from({ length: 180 }, (_, index) => joining(`m${index}`, { at: AT + index }))
      const joined = await digests.join(tenant, [...all, ...all.slice(0, 3)])
      expect(new Set(joined.map(({ id }) => id))).toEqual(new Set(['by m0']))
      expect(joined).toHaveLength(183)
      expect(await membersOf(tenant, 'by m0')).toEqual(all.map(({ member }) => member))
    })

    test('a window is full at MEMBERS_MAX members', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const all = Array.from({ length: MEMBERS_MAX - 1 }, (_, index) => joining(`m${index}`))
      await digests.join(tenant, all)
      expect((await digests.get(tenant, opening('')))?.size).toBe(MEMBERS_MAX - 1)
      expect(await digests.join(tenant, [joining('last')])).toMatchObject([{ filled: true }])
      expect((await digests.get(tenant, opening('')))?.size).toBe(MEMBERS_MAX)
      expect(await membersOf(tenant, 'by m0')).toHaveLength(MEMBERS_MAX)
    })

    test('no member is lost or in two openings, whoever joins and closes at the same time', async () => {
      const { digests } = store()
      const tenant = freshTenant()
      const closed: string[] = []
      const closing = async () => {
        for (let round = 0; round < 12; round++) {
          const open = await digests.get(tenant, opening(''))
          if (!open) continue
          await digests.close(tenant, open, 'together')
          closed.push(open.id)
        }
      }
      const sending = async (sender: number) => {
        for (let round = 0; round < 12; round++) {
          const member = joining(`${sender}.${round}`)
          const [one] = await digests.join(tenant, [member])
          // A redelivery, by whichever process.
          const [again] = await digests.join(tenant, [{ ...member, open: { ...member.open, id: 'other' } }])
          expect(again?.id).toBe(one?.id)
        }
      }
      await Promise.all([closing(), closing(), ...[0, 1, 2, 3].map(sending)])
      const last = await digests.get(tenant, opening(''))
      const openings = [...new Set([...closed, ...(last ? [last.id] : [])])]
      const lists = await Promise.all(openings.map((id) => membersOf(tenant, id)))
      const all = lists.flat()
      expect(all).toHaveLength(48)
      expect(new Set(all).size).toBe(48)
    })

    test('erasing a user closes their windows and removes what is personal of the members', async () => {
      const { digests, users } = store()
      const tenant = freshTenant()
      const personal = 'a secret wish'
      const members = async (id: string, user = 'ada') =>
        (await digests.members(tenant, { ...opening(id), user })).map((each) => [each.step, each.personal])
      await digests.join(tenant, [joining('a', { personal }), joining('b')])
      await digests.close(tenant, opening('by a'), 'together')
      const bobs = { user: 'bob', personal }
      await digests.join(tenant, [joining('c', { personal }), joining('c', bobs)])
      expect(await members('by a')).toEqual([
        ['step a', personal],
        ['step b', undefined],
      ])
      await users.remove(tenant, 'ada')
      expect(await members('by a')).toEqual([
        ['step a', undefined],
        ['step b', undefined],
      ])
      expect(await members('by c')).toEqual([['step c', undefined]])
      expect(await digests.open(tenant, ['ada'])).toEqual([])
      expect(await digests.open(tenant, ['bob'])).toHaveLength(1)
      expect(await members('by c', 'bob')).toEqual([['step c', personal]])
    })
  })
}
