import { expect, test } from 'vitest'
import { AFTER_ROOM, BEFORE_EVENT, BEFORE_ROOM, forwardedFrame } from './cluster-message.ts'

const messageOf = (event: string, room: string) =>
  Buffer.from(`${BEFORE_EVENT}${event.slice(0, -1)}${BEFORE_ROOM}${room}${AFTER_ROOM}`)

test('a message to a room is a frame with its event', () => {
  const event = '["inbox.added",{"title":"Größe ]} \\"nsp\\"","seq":7}]'
  const frame = forwardedFrame(messageOf(event, 'u:ada'), 'u:ada')
  expect(frame?.subarray(2).toString()).toBe(`42${event}`)
  expect(frame?.[1]).toBe((frame?.length ?? 0) - 2)
})

test('what is not a message to that room is not forwarded', () => {
  const message = messageOf('["inbox.added"]', 'u:ada')
  for (const [other, room] of [
    [message, 'u:eve'],
    [message.subarray(0, -1), 'u:ada'],
    [message.subarray(1), 'u:ada'],
    [Buffer.from(BEFORE_EVENT), ''],
    [Buffer.alloc(0), ''],
  ] as const)
    expect(forwardedFrame(other, room)).toBeUndefined()
})
