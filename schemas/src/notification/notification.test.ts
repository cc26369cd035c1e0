import { expect, expectTypeOf, test } from 'vitest'
import { Notification, type NotificationInput } from '../index.ts'

test('a notification requires a recipient and a type, and allows no unknown keys', () => {
  const ok: NotificationInput[] = [
    { to: 'ada', type: 'greeting' },
    {
      to: { user: 'ada', email: 'ada@example.com', timezone: 'Europe/Lisbon' },
      type: 'greeting',
      actor: 'grace',
    },
    {
      to: [{ topic: 'post:1' }, { everyone: true }],
      exclude: ['grace'],
      type: 'a.b',
      data: { deep: { er: [1, null] } },
    },
  ]
  for (const each of ok) expect(Notification.safeParse(each).error).toBeUndefined()
  const bad: unknown[] = [
    {},
    { to: [], type: 'x' },
    { to: 'ada', type: 'x', colour: 'red' },
    { to: 'ada', type: 'x', url: 'javascript:alert(1)' },
    { to: 'ada', type: 'x', url: '//evil.example' },
    { to: 'ada', type: 'x', title: 7 },
    { to: { user: 'ada', timezone: 'Mars/Base' }, type: 'x' },
    { to: 'ada', type: 'x', deliverAt: 'tomorrow' },
  ]
  for (const each of bad) expect(Notification.safeParse(each).success).toBe(false)
  expect(Notification.parse(ok[1]).actor).toEqual({ user: 'grace' })
})

test('the TypeScript types match the schemas', () => {
  expectTypeOf<NonNullable<Notification['actor']>['user']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<NotificationInput['type']>().toEqualTypeOf<string>()
})

test('a cancel key is cleaned, but half of a surrogate pair is refused', () => {
  const keyOf = (cancelKey: string) => Notification.safeParse({ to: 'ada', type: 'x', cancelKey })
  expect(keyOf('order\u200b-7').data?.cancelKey).toBe('order-7')
  expect(keyOf('order 🎉').success).toBe(true)
  const { error } = keyOf('order \ud83c')
  expect(error?.issues.map(({ path, message }) => [path, message])).toEqual([
    [['cancelKey'], 'must not contain half of a surrogate pair'],
  ])
})
