import { expect, test } from 'vitest'
import { digestItemsOf } from '../template/digest-items.ts'
import { listedOf } from './listed.ts'

const content = (id: string, more: object = {}) => ({
  ...{ id, type: 'post.liked', createdAt: '2027-06-07T20:59:00.000Z', ...more },
})

test('a list has what each notification has, with absolute links', () => {
  const digestItems = digestItemsOf([
    content('b', {
      ...{ category: 'likes', title: 'Bob', url: '/posts/7', data: { post: 7 } },
      actor: { user: 'bob', avatar: '/bob.png' },
    }),
    content('a', { image: '/a.png' }),
  ])
  expect(JSON.parse(JSON.stringify(listedOf(digestItems, 'https://app.example')))).toEqual({
    items: [
      content('b', {
        ...{ category: 'likes', title: 'Bob', url: 'https://app.example/posts/7', data: { post: 7 } },
        actor: { user: 'bob', avatar: 'https://app.example/bob.png' },
      }),
      content('a', { image: 'https://app.example/a.png' }),
    ],
    total: 2,
  })
})

test('a list leaves out the oldest that do not fit, and counts them', () => {
  const wordy = (length: number) => (_: unknown, index: number) =>
    content(`n${index}`, { body: 'x'.repeat(length) })
  const { items, total } = listedOf(digestItemsOf(Array.from({ length: 2_000 }, wordy(400))), undefined)
  expect(total).toBe(2_000)
  expect(items[0]?.id).toBe('n0')
  expect(JSON.stringify(items).length).toBeGreaterThan(85_000)
  expect(JSON.stringify(items).length).toBeLessThan(91_000)
  expect(listedOf(digestItemsOf(Array.from({ length: 2 }, wordy(95_000))), undefined).items).toHaveLength(1)
})
