import type { Counts } from '@carillon/schemas'
import type { Live, LiveEvent, LiveMessage, Reached } from './port.ts'

/** Makes the events about some items for a stream: that of a context, or of the whole inbox. */
export type EventsFor = (counts: Counts, context?: string) => LiveEvent[]

/**
 * Sends events about items of these contexts ('' for items without one) to the stream of the whole inbox and to those of the
 * contexts, each with the counts of its stream. The counts of a context are computed only if its stream has connections.
 * Without limited connections, this takes one round trip. Resolves with the messages, and whom each reached.
 */
export const deliverToStreams = async (
  live: Pick<Live, 'deliver'>,
  { tenant, user }: { tenant: string; user: string },
  contexts: readonly string[],
  { countsOf, eventsFor }: { countsOf: (context?: string) => Promise<Counts>; eventsFor: EventsFor },
): Promise<{ message: LiveMessage; reached: Reached }[]> => {
  const send = async (messages: LiveMessage[]) => {
    const reached = messages.length === 0 ? [] : await live.deliver(messages)
    return messages.map((message, index) => ({ message, reached: reached[index]! }))
  }
  const owner = { tenant, user }
  const events = eventsFor(await countsOf())
  const [first] = events
  if (!first) return []
  // Each event asks about one context. Messages to nobody ask about the remaining contexts.
  const told = await send([
    ...events.map((event, index): LiveMessage => ({ ...owner, ...event, to: 'whole', ask: contexts[index] })),
    ...contexts.slice(events.length).map((ask): LiveMessage => ({ ...owner, ...first, to: 'nobody', ask })),
  ])
  const watched = contexts.filter((_, index) => told[index]?.reached.other)
  if (watched.length === 0) return told
  const limited = await Promise.all(
    watched.map(async (context) =>
      eventsFor(await countsOf(context), context).map(
        (event): LiveMessage => ({ ...owner, ...event, to: 'context', context }),
      ),
    ),
  )
  return [...told, ...(await send(limited.flat()))]
}
