import { announced } from '@carillon/core/cache/invalidation/announced'
import { inProcessInvalidations } from '@carillon/core/cache/invalidation/in-process'
import { createSettingsCache } from '@carillon/core/cache/settings-cache'
import { readStep, type Step } from '@carillon/core/delivery/step'
import { inProcessLive } from '@carillon/core/live/in-process'
import { standaloneServer } from '@carillon/core/live/server'
import { newTenant } from '@carillon/core/security/new-tenant'
import { createSeal } from '@carillon/core/security/seal'
import { openDatabase } from '@carillon/core/sqlite/database'
import { sqliteStore } from '@carillon/core/store/sqlite'
import type { Message, OutgoingMessage } from '@carillon/core/stream/port'
import { createLog } from '@carillon/core/telemetry/log'
import { createMetrics } from '@carillon/core/telemetry/metrics'
import { createPreparedTypes } from '@carillon/core/template/prepared-types'
import type { NotificationInput } from '@carillon/schemas'
import { vi } from 'vitest'
import { workHandle } from '../../consumer/work-kind.ts'
import { createHandOver } from '../../inbox/live.ts'
import { createRenderItems } from '../../inbox/render-items.ts'
import { createStoreItems } from '../../inbox/store-items.ts'
import { createAccept } from '../../intake/accept.ts'
import { createObserveIntake } from '../../intake/telemetry.ts'
import { createAnnounce } from '../../items/announce.ts'
import { createPipeline } from '../../pipeline.ts'
import { createStartPlans } from '../../sending/first-step.ts'
import { createWorkKinds } from '../../work-kinds.ts'
import { createPin } from '../type-version.ts'

const TENANT = 'acme'
const RETENTION_MS = 90 * 86_400_000

class Crash extends Error {}

/**
 * A pipeline on an embedded store and a log in memory, whose clock is set by `advance`. The real clock is replaced until
 * `vi.useRealTimers`. `crashes` is asked before and after messages are appended: if it is true, the process dies there, and
 * its message is delivered again.
 */
export const openClocked = async (start: number, crashes: () => boolean = () => false) => {
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const database = openDatabase(':memory:')
  const seal = createSeal('a secret only for tests')
  const invalidations = inProcessInvalidations()
  const store = announced(sqliteStore({ database, seal, retention: RETENTION_MS }), invalidations)
  await store.migrate()
  await store.tenants.put(newTenant(TENANT))
  const cache = createSettingsCache(store, invalidations)
  const live = inProcessLive({ io: standaloneServer() })
  const log = createLog({ level: 'silent', role: 'test' })
  const metrics = createMetrics()

  const scheduled = new Map<string, OutgoingMessage>()
  const queued: OutgoingMessage[] = []
  const appended = new Set<string>()
  const steps: Step[] = []
  const mayCrash = () => {
    if (crashes()) throw new Crash()
  }
  const stream = {
    waiting: async () => ({ scheduled: new Map(), oldest: new Map() }),
    publish: async (messages: readonly OutgoingMessage[]) => {
      mayCrash()
      for (const message of messages) {
        const known = message.dedupe !== undefined && appended.has(message.dedupe)
        if (message.dedupe !== undefined) appended.add(message.dedupe)
        if (message.schedule) scheduled.set(message.schedule.key, message)
        else if (!known) queued.push(message)
      }
      mayCrash()
      return messages.map(() => ({ sequence: 1, duplicate: false }))
    },
    cancel: async (keys: readonly string[]) => keys.filter((key) => scheduled.delete(key)).length,
    cancelGroup: async (group: string) =>
      [...scheduled.keys()].filter((key) => key.startsWith(`${group}.`) && scheduled.delete(key)).length,
  }
  const options = {
    unknownTypes: 'accept',
    links: { insecureLinks: 'accept' },
    retentionMs: RETENTION_MS,
  } as const
  const announce = createAnnounce({ store, live, log, metrics })
  const prepared = createPreparedTypes(options.links, cache)
  const pipeline = createPipeline({
    ...{ store, cache, stream, metrics },
    accept: createAccept({ store, cache, log, ...options }),
    observeIntake: createObserveIntake({ log, metrics }),
    pin: createPin(cache),
    renderItems: createRenderItems({
      store,
      cache,
      prepared,
      metrics,
    }),
    storeItems: createStoreItems({ store, stream, metrics }),
    handOver: createHandOver({ live, log, metrics }),
    announce,
    pushUpdates: async () => {},
    startPlans: createStartPlans({ live, stream, seal }),
  })
  const reports = { apply: async () => undefined }
  const work = workHandle(
    createWorkKinds({
      ...{ store, stream, cache, live, seal, pipeline, metrics, prepared, announce, log },
      pushUpdates: async () => {},
      reports: reports as never,
    }),
  )

  let sequence = 0
  const messageOf = ({ subject, data }: OutgoingMessage, deliveries = 1): Message => ({
    ...{ queue: 'work-normal', subject, data, sequence: ++sequence, appendedAt: Date.now(), deliveries },
  })
  const handle = async (message: OutgoingMessage) => {
    if (message.subject.startsWith('work.step.')) {
      steps.push(readStep(message.data))
      return []
    }
    const family = message.subject.startsWith('notify.') ? pipeline.notify : work
    const given = messageOf(message)
    for (;;)
      try {
        return await family([given])
      } catch (error) {
        if (!(error instanceof Crash)) throw error
      }
  }
  const drain = async () => {
    const reasons = []
    for (let message = queued.shift(); message; message = queued.shift())
      reasons.push(...(await handle(message)))
    return reasons.flatMap((outcome) => ('reason' in outcome && outcome.reason ? [outcome.reason] : []))
  }

  return {
    ...{ store, stream, tenant: TENANT, scheduled, steps },
    /** Handles a message once more, as the log does after a crash. */
    again: async (message: OutgoingMessage) => {
      queued.push(message)
      await drain()
    },
    /** Sends a notification over NATS and handles what follows at once. Resolves to the reasons of refusals. */
    send: async (note: NotificationInput) => {
      // The log deduplicates for minutes only.
      appended.clear()
      queued.push({
        subject: `notify.${TENANT}.normal.${note.type}`,
        data: new TextEncoder().encode(JSON.stringify(note)),
      })
      return drain()
    },
    /**
     * Moves the clock to `at`, epoch ms, and handles what is due on the way, each at its time. Resolves to the reasons of
     * refusals.
     */
    advance: async (at: number) => {
      const reasons = []
      for (;;) {
        const [next] = [...scheduled.values()]
          .filter((message) => (message.schedule?.at ?? 0) <= at)
          .sort((one, other) => (one.schedule?.at ?? 0) - (other.schedule?.at ?? 0))
        if (!next?.schedule) break
        scheduled.delete(next.schedule.key)
        vi.setSystemTime(Math.max(Date.now(), next.schedule.at))
        queued.push(next)
        reasons.push(...(await drain()))
      }
      vi.setSystemTime(at)
      return reasons
    },
    items: async (user: string) =>
      (await store.inbox.page({ tenant: TENANT, user }, { status: 'active', limit: 100 })).items,
    reasons: async (id: string, user: string, toAudience = false) =>
      (await store.decisions.of(TENANT, { id, toAudience, user })).map(({ stage, outcome, reason, until }) =>
        [stage, outcome, reason, until && new Date(until).toISOString()].filter(Boolean).join(' '),
      ),
    close: async () => {
      vi.useRealTimers()
      await live.close()
      await store.close()
      await database.close()
    },
  }
}

export type Clocked = Awaited<ReturnType<typeof openClocked>>
