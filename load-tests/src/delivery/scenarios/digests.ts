import { expect } from 'vitest'
import { eventually, type Scenario, type ScenarioContext } from '../context.ts'

const KEYS = ['a', 'b', 'c', 'd']

/** Defines a type whose e-mails are collected by key for a few seconds, and connects the mail server. */
const collecting = async ({ account, mail, ok, user }: ScenarioContext, digest: object) => {
  const server = await mail()
  await account('mail', server.account)
  await user('ada', { email: 'ada@home.example' })
  await ok('PUT', '/v1/types/post.liked', {
    category: 'likes',
    content: {
      title: '{{ data.name }} likes your post',
      body: '{{ total }}:{% for item in items %} {{ item.data.name }}{% endfor %}.',
    },
    plan: [{ channel: 'email', when: 'unread' }],
    digest,
  })
  /** Returns what each e-mail tells of. */
  const told = () =>
    server.accepted.map(({ email }) => {
      const [, total, names = ''] = /(\d+):((?: [\w-]+)*)\./.exec(email.text ?? '') ?? []
      return { total: Number(total), names: names.split(' ').filter(Boolean).sort() }
    })
  return { server, told }
}

const likes = async ({ ok }: ScenarioContext, names: readonly string[]) => {
  const notifications = names.map((name, index) => ({
    ...{ to: 'ada', type: 'post.liked', data: { name, post: KEYS[index % KEYS.length] } },
  }))
  const { results } = await ok<{ results: { id: string }[] }>('POST', '/v1/notifications/batch', {
    notifications,
  })
  return results.map(({ id }) => id)
}

/**
 * Opens digests that close, and holds messages until an instant that comes, while the workers are dead. `settled` checks that
 * each message left exactly once.
 */
export const openDigests = async (context: ScenarioContext) => {
  const { ok, ledger, token } = context
  const { told } = await collecting(context, { key: '{{ data.post }}', window: 4 })
  const names = Array.from({ length: 60 }, (_, index) => `n-${index}`)
  const ids = await likes(context, names)
  const held = await token('ada')
  return {
    settled: async () => {
      for (const id of ids.slice(-4)) await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      await eventually(() =>
        expect(
          told()
            .flatMap(({ names }) => names)
            .sort(),
        ).toEqual([...names].sort()),
      )
      const digests = told()
      expect(digests.every(({ total, names }) => total === names.length && total > 0)).toBe(true)
      const ada = await ok<{ counts: { unread: number } }>('GET', '/v1/inbox?flat=true', undefined, held)
      expect(ada.counts.unread).toBe(60)
    },
  }
}

/** What leaves together. */
export const DIGESTS: Scenario[] = [
  {
    title: 'likes of one post within a window are one e-mail, and each person and post has its own',
    run: async (context) => {
      const { ledger, ok } = context
      const { server, told } = await collecting(context, { key: '{{ data.post }}', window: 5 })
      const ids = await likes(context, ['a-1', 'b-1', 'c-1', 'd-1', 'a-2', 'b-2', 'c-2', 'd-2', 'a-3'])
      await ledger(ids[0] ?? '', 'ada', { channel: 'email', state: 'queued', reason: 'digest' })
      for (const id of ids) await ledger(id, 'ada', { channel: 'email', state: 'sent' })
      expect(told().sort((one, other) => (one.names[0]! < other.names[0]! ? -1 : 1))).toEqual([
        { total: 3, names: ['a-1', 'a-2', 'a-3'] },
        { total: 2, names: ['b-1', 'b-2'] },
        { total: 2, names: ['c-1', 'c-2'] },
        { total: 2, names: ['d-1', 'd-2'] },
      ])
      for (const { email } of server.accepted)
        expect(email.headers.some(({ key }) => key === 'list-unsubscribe')).toBe(true)
      const { decisions } = await ok<{ decisions: { stage: string; text: string }[] }>(
        ...(['GET', `/v1/notifications/${ids[0]}/explain?user=ada`] as const),
      )
      const joined = decisions.find(({ stage }) => stage === 'digest')
      expect(joined).toMatchObject({ outcome: 'join', by: 'type', path: 'digest', reason: 'digest' })
      const [, digest] = /digest ([0-9a-f-]{36})/.exec(joined?.text ?? '') ?? []
      expect(await ok('GET', `/v1/notifications/${digest}`)).toMatchObject({ type: 'post.liked' })
    },
  },
  {
    title: 'a snooze holds messages and lets them leave as one; ending it early lets them go',
    run: async (context) => {
      const { account, ledger, ok, phones, send, token, user } = context
      const provider = await phones()
      await account('sms', provider.account)
      await user('ada', { phone: '+351911111111' })
      const ada = await token('ada')
      const plan = [{ channel: 'sms', when: 'always' }] as const
      const texts = () => provider.accepted.map(({ body }) => body)
      const snooze = (ms: number) =>
        ok('PATCH', '/v1/preferences', { snoozedUntil: new Date(Date.now() + ms).toISOString() }, ada)

      await snooze(6_000)
      const first = await send({ to: 'ada', title: 'One', plan: [...plan] })
      const second = await send({ to: 'ada', title: 'Two', plan: [...plan] })
      await ledger(first, 'ada', { channel: 'sms', state: 'queued', reason: 'snoozed' })
      for (const id of [first, second]) await ledger(id, 'ada', { channel: 'sms', state: 'sent' })
      expect(texts()).toEqual([expect.stringMatching(/^2 new notifications\nTwo\nOne/)])

      await snooze(600_000)
      const third = await send({ to: 'ada', title: 'Three', plan: [...plan] })
      await ledger(third, 'ada', { channel: 'sms', state: 'queued', reason: 'snoozed' })
      await ok('PATCH', '/v1/preferences', { snoozedUntil: null }, ada)
      await ledger(third, 'ada', { channel: 'sms', state: 'sent' })
      expect(texts().slice(1)).toEqual(['Three'])
    },
  },
  {
    title: 'a dry run tells when a digest would leave, and holds nothing',
    run: async (context) => {
      const { ok, token } = context
      await collecting(context, { window: 3_600 })
      await ok(
        'PATCH',
        '/v1/preferences',
        { types: { 'post.liked': { email: 'daily' } } },
        await token('ada'),
      )
      const dryRun = await ok<{ decisions: { decisions: object[] }[] }>('POST', '/v1/notifications', {
        ...{ to: 'ada', type: 'post.liked', data: { name: 'Bob', post: 'a' }, dryRun: true },
      })
      expect(dryRun.decisions[0]?.decisions).toContainEqual(
        expect.objectContaining({
          ...{ stage: 'digest', outcome: 'join', by: 'user', path: 'types.post.liked.email' },
          until: expect.stringMatching(/T09:00:00\.000Z$/),
        }),
      )
    },
  },
]
