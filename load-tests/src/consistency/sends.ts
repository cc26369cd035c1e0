import type { Priority } from '@carillon/schemas'
import type { Entry, Fate } from './history.ts'

/** A message to publish over NATS. */
export type NatsSend = {
  via: 'nats'
  key: string
  subject: string
  data: Uint8Array
  msgId?: string
  /** Whether the message can be repeated without creating a second notification. */
  repeatable: boolean
}
/** A `POST /v1/notifications/batch`. Each `value` is a notification, valid or not. */
export type HttpSend = { via: 'http'; idempotencyKey?: string; entries: { key: string; value: unknown }[] }
export type Send = NatsSend | HttpSend

const BATCH_SIZE = 50

const encoder = new TextEncoder()

export type Note = Record<string, unknown> & { id?: string; type: string; priority: Priority }

/** How a notification is identified, so that its repetition is recognized. */
export type Identity = 'uuid' | 'own' | 'event' | 'msgid' | 'none'

/** Builds a NATS message from a notification. */
export const natsSend = (
  tenant: string,
  key: string,
  note: Note,
  identity: Identity,
  msgId?: string,
): NatsSend => {
  const { type, priority, ...rest } = note
  const event = { specversion: '1.0', id: key, source: '/backend', type: `com.example.${type}`, data: rest }
  return {
    via: 'nats',
    key,
    subject: `notify.${tenant}.${priority}.${type}`,
    data: encoder.encode(JSON.stringify(identity === 'event' ? event : rest)),
    ...(msgId !== undefined && { msgId }),
    repeatable: identity !== 'none',
  }
}

/** Collects messages. HTTP notifications are sent in batches, and every eighth batch has an idempotency key. */
export const createCollector = (tenant: string) => {
  const entries: Entry[] = []
  const sends: Send[] = []
  let batch: HttpSend['entries'] = []
  let batches = 0
  const flush = () => {
    if (batch.length === 0) return
    const keyed = batches++ % 8 === 7
    sends.push({ via: 'http', entries: batch, ...(keyed && { idempotencyKey: `${tenant}-${batches}` }) })
    batch = []
  }
  return {
    entries,
    sends,
    late: [] as Send[],
    flush,
    http: (key: string, value: unknown) => {
      if (batch.push({ key, value }) === BATCH_SIZE) flush()
    },
    /** Records the fate of a notification and returns its title. */
    expect: (key: string, fate: Fate): string => {
      const title = `This is ${key}`
      entries.push({ key, title, fate })
      return title
    },
  }
}
