import { expect, test } from 'vitest'
import { counted } from './testing/counted.ts'
import { openWorld } from './testing/dispatcher.ts'

/** Sends a type that needs every read per person. Returns the number of calls of each function of the store. */
const callsFor = async (members: number) => {
  const { calls, wrap } = counted()
  const world = await openWorld({ wrap })
  try {
    const { store, tenant } = world
    const users = Array.from({ length: members }, (_, n) => `u${n}`)
    await store.users.merge(
      tenant,
      users.map((id) => ({ id, profile: { name: id, locale: 'de' } })),
    )
    await store.topics.add(tenant, 'post-7', users)
    for (const user of users)
      await store.preferences.change(tenant, user, {
        changes: [{ path: '/categories/orders/email', value: false }],
        ...{ via: 'app', by: user },
      })
    await store.types.put(tenant, {
      ...{ key: 'order.shipped', category: 'orders', if: 'user.locale == "de"' },
      content: { title: 'Order for {{ user.name }} of {{ context.name }}' },
    })
    await store.contexts.put(tenant, 'org-7', { name: 'Acme' })
    calls.clear()
    await world.send({ id: 'n1', to: { topic: 'post-7' }, type: 'order.shipped', context: 'org-7' })
    await world.quiet()
    expect(await world.titles(users.at(-1) ?? '')).toEqual([`Order for ${users.at(-1)} of Acme`])
  } finally {
    await world.close()
  }
  // Counted after the dispatcher has finished what it had begun.
  // Erasures are looked up again if storing took long, whatever the number of people.
  calls.set('users.erased', Math.min(calls.get('users.erased') ?? 0, 1))
  return Object.fromEntries([...calls].sort())
}

test('profiles, preferences and types of a chunk are read in as many round trips for 400 people as for 20', async () => {
  const few = await callsFor(20)
  expect(few).toMatchObject({ 'inbox.put': 1, 'preferences.get': 1, 'contexts.get': 1 })
  expect(Object.values(few).every((times) => times <= 3)).toBe(true)
  expect(await callsFor(400)).toEqual(few)
})

test('the contexts of a batch are read together; a batch without contexts reads none', async () => {
  const { calls, wrap } = counted()
  const world = await openWorld({ wrap })
  try {
    await world.send({ to: 'ada', type: 'note', title: 'Hi' })
    await world.quiet()
    expect(calls.has('contexts.get')).toBe(false)
    const contexts = Array.from({ length: 200 }, (_, n) => `org-${n}`)
    const sent = contexts.map((context) => ({ to: 'ada', type: 'note', title: context, context }))
    await Promise.all(sent.map((notification) => world.send(notification)))
    await world.quiet()
    expect(await world.titles('ada')).toHaveLength(100)
    // The log hands them over in a few batches.
    expect(calls.get('contexts.get')).toBeLessThan(20)
  } finally {
    await world.close()
  }
})
