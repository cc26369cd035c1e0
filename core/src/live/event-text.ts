import type { LiveMessage } from './port.ts'

/*
 * Socket.IO sends an event as a JSON array of its name and payload. Here the array has four parts: the beginning with what belongs
 * to one user, the payload, which several messages may share, the position if the message has one, and the end.
 */

/** Returns the beginning of a message. */
export const ownText = (message: LiveMessage): string => {
  if (message.event === 'inbox.added') return `["inbox.added",{"item":{"id":${JSON.stringify(message.id)},`
  return message.payload === undefined ? `["${message.event}"` : `["${message.event}",{`
}

const payloadText = (message: LiveMessage): string => {
  if (message.payload === undefined) return ''
  if (message.event !== 'inbox.added') return JSON.stringify(message.payload).slice(1, -1)
  const { item, ...more } = message.payload
  return JSON.stringify({ item, ...more }).slice('{"item":{'.length, -1)
}

/** Returns a function that returns the text of a message's payload, encoded once for all messages with that payload. */
export const payloadTexts = <Text>(encode: (text: string) => Text): ((message: LiveMessage) => Text) => {
  const known = new Map<LiveMessage['payload'], Text>()
  return (message) => {
    const text = known.get(message.payload) ?? encode(payloadText(message))
    known.set(message.payload, text)
    return text
  }
}

export const endText = ({ payload }: LiveMessage): string => (payload === undefined ? ']' : '}]')
