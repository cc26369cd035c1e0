import { EVENT_PACKET, textFrame } from './frame.ts'

/**
 * Socket.IO's wire format between processes (@socket.io/redis-adapter 8, socket.io-adapter 2.5: a ClusterMessage of type
 * BROADCAST), before and after the array of an event, and before and after the name of the room.
 */
export const BEFORE_EVENT = '{"type":3,"data":{"packet":{"type":2,"data":'
export const BEFORE_ROOM = '],"nsp":"/"},"opts":{"rooms":["'
export const AFTER_ROOM = '"],"except":[],"flags":{}}},"uid":"carillon","nsp":"/"}'

/**
 * Returns the WebSocket frame of a message to a room as `redisLive` writes it, without decoding it; undefined for any other
 * message.
 */
export const forwardedFrame = (message: Buffer, room: string): Buffer | undefined => {
  const end = BEFORE_ROOM + room + AFTER_ROOM
  const from = BEFORE_EVENT.length
  const to = message.length - end.length
  const has = (text: string, at: number) => message.toString('latin1', at, at + text.length) === text
  if (to < from || !has(BEFORE_EVENT, 0) || !has(end, to)) return
  return textFrame(EVENT_PACKET, message.subarray(from, to + 1), '')
}
