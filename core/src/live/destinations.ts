import type { LiveMessage } from './port.ts'
import { userRooms } from './room.ts'

/**
 * A room besides that of the whole inbox, and what it gets. `stream`: the message with a position in that stream; `plain`:
 * the message without a position; `asked`: nothing, only its connections are counted.
 */
export type Other = { room: string; as: { stream: string } | 'plain' | 'asked' }

/** Returns the rooms of a message: that of the whole inbox, another one, or both. */
export const destinationsOf = (message: LiveMessage): { whole?: string; other?: Other } => {
  const { whole, limited, context } = userRooms(message.tenant, message.user)
  const asked = (key: string): Other => ({ room: context(key), as: 'asked' })
  const stream = (key: string): Other => ({ room: context(key), as: { stream: key } })
  switch (message.to) {
    case 'item':
      return { whole, other: stream(message.context) }
    case 'context':
      return { other: stream(message.context) }
    case 'whole':
      return { whole, ...(message.ask === undefined ? {} : { other: asked(message.ask) }) }
    case 'nobody':
      return { other: message.ask === undefined ? { room: whole, as: 'asked' } : asked(message.ask) }
    case 'all':
      return { whole, other: { room: limited, as: 'plain' } }
    case 'limited':
      return { other: { room: limited, as: 'plain' } }
    case 'unlimited':
      return { other: { room: whole, as: 'plain' } }
  }
}
