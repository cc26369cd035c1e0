import { deadSubject, type Queue } from '@carillon/schemas'
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { TIME_LIMIT_MS } from '../../nats/connection.ts'
import { codeOf, filedUnder, letterOf } from '../dead-letter.ts'
import { readHeaders } from '../headers.ts'
import type { DeadLetter, DeadReason, Message } from '../port.ts'
import type { Names } from './names.ts'
import { windowed } from './publish.ts'

/** The DEAD stream. A letter's payload is the original message; its other fields are headers. */
export const deadLetters = (jetstream: JetStreamClient, manager: JetStreamManager, names: Names) => {
  const stream = names.stream('DEAD')
  return {
    /** Resolves when every letter is durable. Idempotent. */
    deposit: async (letters: readonly { message: Message; reason: DeadReason }[]): Promise<void> => {
      await windowed(letters.map(letterOf), async (letter) => {
        const fields = headers()
        fields.set('Carillon-Code', letter.code)
        fields.set('Carillon-Detail', letter.detail)
        fields.set('Carillon-Subject', letter.subject)
        fields.set('Carillon-Origin', String(letter.origin))
        fields.set('Carillon-Truncated', String(letter.truncated))
        if (letter.headers) fields.set('Carillon-Headers', letter.headers)
        await jetstream.publish(deadSubject(letter.tenant, letter.queue), letter.data, {
          headers: fields,
          msgID: letter.id,
          timeout: TIME_LIMIT_MS,
        })
      })
    },

    list: async (query: { tenant?: string; from?: number; limit: number }): Promise<DeadLetter[]> => {
      const { tenant } = query
      if (tenant !== undefined && filedUnder(tenant) !== tenant) return []
      const filter = tenant === undefined ? 'dead.>' : `dead.${tenant}.*`
      const found: DeadLetter[] = []
      let from = query.from ?? 1
      // The server ends a batch early at its byte limit; only an empty batch is the end.
      while (found.length < query.limit) {
        const page = await batch(manager, stream, {
          seq: from,
          batch: query.limit - found.length,
          next_by_subj: filter,
        })
        const last = page.at(-1)
        if (!last) break
        found.push(...page.map(read))
        from = last.seq + 1
      }
      return found
    },

    get: async (tenant: string, sequence: number): Promise<DeadLetter | undefined> => {
      const stored = await storedAt(manager, stream, sequence)
      const letter = stored && read(stored)
      return letter?.tenant === tenant ? letter : undefined
    },

    remove: async (sequence: number): Promise<void> => {
      try {
        await manager.streams.deleteMessage(stream, sequence, false)
      } catch (error) {
        // The server uses one code for every failure.
        if (!(error instanceof JetStreamApiError) || (await storedAt(manager, stream, sequence))) throw error
      }
    },
  }
}

/** The server rejects sequences below 1. */
const storedAt = async (
  manager: JetStreamManager,
  stream: string,
  seq: number,
): Promise<StoredMsg | undefined> =>
  seq < 1 ? undefined : ((await manager.direct.getMessage(stream, { seq })) ?? undefined)

const batch = (
  manager: JetStreamManager,
  stream: string,
  query: { seq: number; batch: number; next_by_subj: string },
) =>
  new Promise<StoredMsg[]>((resolve, reject) => {
    const messages: StoredMsg[] = []
    const callback = (done: { err?: Error } | null, message: StoredMsg) => {
      if (!done) messages.push(message)
      else if (!done.err || isNone(done.err)) resolve(messages)
      else reject(done.err)
    }
    manager.direct.getBatch(stream, { ...query, callback }).catch(reject)
  })

const isNone = (error: Error) => 'code' in error && error.code === 404

const read = (message: StoredMsg): DeadLetter => {
  const [, tenant = '', queue = ''] = message.subject.split('.')
  const field = (name: string) => message.header.get(`Carillon-${name}`)
  const headers = readHeaders(field('Headers'))
  return {
    sequence: message.seq,
    tenant,
    queue: queue as Queue,
    subject: field('Subject'),
    reason: { code: codeOf(field('Code')), detail: field('Detail') },
    data: message.data,
    ...(headers && { headers }),
    truncated: field('Truncated') === 'true',
    origin: Number(field('Origin')),
    deadLetteredAt: message.time.getTime(),
  }
}
