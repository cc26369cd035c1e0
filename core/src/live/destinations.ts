import type { LiveMessage } from './port.ts'
import { contextRoom, limitedRoom, userRoom } from './room.ts'

/** What happens in a room besides that of the whole inbox. `plain`: it is sent without a position. */
export type Other = { room: string; as: { stream: string } | 'plain' | 'asked' }

/** Returns the rooms of a message: that of the whole inbox, and another one. */
export const destinationsOf = (message: LiveMessage): { whole?: string; other?: Other } => {
  const { tenant, user } = message
  const whole = () => userRoom(tenant, user)
  const asked = (context: string): Other => ({ room: contextRoom(tenant, user, context), as: 'asked' })
  const stream = (context: string): Other => ({
    room: contextRoom(tenant, user, context),
    as: { stream: context },
  })
  const limited = (): Other => ({ room: limitedRoom(tenant, user), as: 'plain' })
  switch (message.to) {
    case 'item':
      return { whole: whole(), other: stream(message.context) }
    case 'context':
      return { other: stream(message.context) }
    case 'whole':
      return { whole: whole(), ...(message.ask === undefined ? {} : { other: asked(message.ask) }) }
    case 'nobody':
      return { other: asked(message.ask) }
    case 'all':
      return { whole: whole(), other: limited() }
    case 'limited':
      return { other: limited() }
  }
}
