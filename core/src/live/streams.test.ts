import type { Counts } from '@carillon/schemas'
import { expect, test } from 'vitest'
import type { LiveEvent, LiveMessage } from './port.ts'
import { deliverToStreams } from './streams.ts'

const OWNER = { tenant: 'acme', user: 'ada' }

/** Delivers to somebody who sees the whole inbox, and to limited connections of these contexts. */
const told = async (contexts: readonly string[], watched: readonly string[], events = 1) => {
  const calls: (readonly LiveMessage[])[] = []
  const counted: (string | undefined)[] = []
  await deliverToStreams(
    {
      deliver: async (messages) => {
        calls.push(messages)
        return messages.map((message) => ({
          active: true,
          whole: message.to === 'whole',
          other:
            ('ask' in message && watched.includes(message.ask ?? 'none')) ||
            (message.to === 'context' && watched.includes(message.context)),
        }))
      },
    },
    OWNER,
    contexts,
    {
      countsOf: async (context): Promise<Counts> => {
        counted.push(context)
        return { unread: counted.length, unseen: 0 }
      },
      eventsFor: (counts, context) =>
        Array.from(
          { length: context === undefined ? events : 1 },
          (): LiveEvent => ({ event: 'inbox.removed', payload: { ids: [], counts } }),
        ),
    },
  )
  const sent = calls.map((messages) =>
    messages.map((message) => [message.to, 'context' in message ? message.context : '']),
  )
  return { sent, counted, trips: calls.length }
}

test('without limited connections, one round trip and the counts of the whole inbox suffice', async () => {
  expect(await told([''], [])).toEqual({ sent: [[['whole', '']]], counted: [undefined], trips: 1 })
  expect(await told(['a', 'b', '__proto__'], [])).toMatchObject({ counted: [undefined], trips: 1 })
})

test('a stream with connections gets the events with its own counts', async () => {
  const { sent, counted } = await told(['a', 'b', '__proto__'], ['__proto__', 'a'])
  expect(counted).toEqual([undefined, 'a', '__proto__'])
  expect(sent).toEqual([
    [
      ['whole', ''],
      ['nobody', ''],
      ['nobody', ''],
    ],
    [
      ['context', 'a'],
      ['context', '__proto__'],
    ],
  ])
})

test('each of several events asks about one context', async () => {
  const { sent } = await told(['a', 'b'], ['b'], 3)
  expect(sent).toEqual([Array.from({ length: 3 }, () => ['whole', '']), [['context', 'b']]])
})

test('without events nothing is sent', async () => {
  expect(await told(['a'], ['a'], 0)).toMatchObject({ trips: 0 })
})
