import fc from 'fast-check'
import { expect, test } from 'vitest'
import { endText, ownText, payloadTexts } from './event-text.ts'
import { textFrame } from './frame.ts'
import type { LiveEvent } from './port.ts'
import { standaloneServer } from './server.ts'

const { adapter } = standaloneServer().of('/')
const encoder = adapter as unknown as {
  _encode(packet: object, options: { wsPreEncodedFrame?: Uint8Array[] }): void
}

/** Returns the bytes of the frame that Socket.IO sends to a room. */
const socketIoFrame = (...data: unknown[]): string => {
  const options: { wsPreEncodedFrame?: Uint8Array[] } = {}
  encoder._encode({ type: 2, nsp: '/', data }, options)
  return Buffer.concat(options.wsPreEncodedFrame ?? []).toString('latin1')
}

const frameOf = (event: LiveEvent, position = '') => {
  const message = { tenant: 't', user: 'ada', to: 'limited' as const, ...event }
  const encoded = payloadTexts((text) => Buffer.from(text))
  const frame = textFrame(`42${ownText(message)}`, encoded(message), position + endText(message))
  return frame.toString('latin1')
}

const ITEM = {
  notification: 'n',
  type: 'comment.created',
  priority: 'normal' as const,
  createdAt: '2026-01-31T09:00:00Z',
  receivedAt: null,
  seenAt: null,
  readAt: null,
  archivedAt: null,
  snoozedUntil: null,
  acted: {},
}
const added = (id: string, title: string): LiveEvent => ({
  ...{ event: 'inbox.added', id },
  payload: { item: { title, ...ITEM }, silent: true },
})

const TEXTS = {
  empty: '',
  ASCII: 'Ada commented',
  escapes: '" \\ \n \u0000 \u007f',
  'other characters': 'é ü 語 😀 \u2028 \u2029 \ufeff',
  'lone surrogates': '\ud83d \ude00',
  'more than a short length': 'x'.repeat(200),
  'more than two bytes of length': 'ü'.repeat(40_000),
}

test.each(Object.entries(TEXTS))('an item has the frame that Socket.IO sends: %s', (_, text) => {
  const position = `,"seq":7,"epoch":"e","stream":${JSON.stringify(text)}`
  expect(frameOf(added(text, text), position)).toBe(
    socketIoFrame('inbox.added', {
      ...{ item: { id: text, title: text, ...ITEM }, silent: true },
      ...{ seq: 7, epoch: 'e', stream: text },
    }),
  )
})

test('any text has the frame that Socket.IO sends', () => {
  const text = fc.string({ unit: 'binary', size: 'large' })
  fc.assert(
    fc.property(text, text, (id, title) => {
      const frame = frameOf(added(id, title))
      expect(frame).toBe(socketIoFrame('inbox.added', { item: { id, title, ...ITEM }, silent: true }))
    }),
  )
})

test.each([124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537])('a text of %i bytes', (bytes) => {
  const change = (via: string) =>
    ({ event: 'preferences.changed', payload: { via: 'app', context: via } }) as const
  const padding = bytes - (frameOf(change('')).length - 2)
  const { event, payload } = change('x'.repeat(padding))
  expect(frameOf({ event, payload })).toBe(socketIoFrame(event, payload))
})

test('an event without payload', () => {
  expect(frameOf({ event: 'inbox.resync', payload: undefined })).toBe(socketIoFrame('inbox.resync'))
})

test('a payload is encoded once for all messages that share it', () => {
  const message = { tenant: 't', user: 'ada', to: 'limited' as const, ...added('a', 'shared') }
  const texts: string[] = []
  const encoded = payloadTexts((text) => texts.push(text))
  expect([encoded(message), encoded({ ...message }), encoded({ ...message, ...added('b', 'own') })]).toEqual([
    1, 1, 2,
  ])
})
