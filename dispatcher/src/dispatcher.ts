import { createPushUpdates } from '@carillon/core/delivery/push-updates'
import type { Live } from '@carillon/core/live/port'
import type { LinkPolicy } from '@carillon/core/notification/links'
import { createPreparedTypes } from '@carillon/core/template/prepared-types'
import { PRIORITIES, type Priority, type Queue } from '@carillon/schemas'
import { createConsumer, type Feed } from './consumer/consumer.ts'
import { createOutages, type Pauses } from './consumer/outages.ts'
import { workHandle } from './consumer/work-kind.ts'
import { createHandOver } from './inbox/live.ts'
import { createRenderItems } from './inbox/render-items.ts'
import { createStoreItems } from './inbox/store-items.ts'
import { createAccept } from './intake/accept.ts'
import { createObserveIntake } from './intake/telemetry.ts'
import { createAnnounce } from './items/announce.ts'
import { createPipeline } from './pipeline.ts'
import { createPin } from './plan/type-version.ts'
import { createReports } from './reports/reports.ts'
import { createStartPlans } from './sending/first-step.ts'
import { type SendingOptions, type SendingPorts, startSending } from './sending/sending.ts'
import { costOfWork, createWorkKinds } from './work-kinds.ts'

export type DispatcherPorts = Omit<SendingPorts, 'live' | 'prepared' | 'reports'> & { live: Live }

export type DispatcherOptions = SendingOptions &
  LinkPolicy & {
    unknownTypes: 'refuse' | 'accept'
    retentionMs: number
    /** Maximum concurrent batches. */
    concurrency?: number
    retryPauses?: Pauses
  }

/**
 * Turns per round when every queue is full. Chunks of fan-outs yield to single notifications of the same
 * priority.
 */
const WEIGHTS: Record<Priority, number> = { critical: 16, high: 8, normal: 4, low: 2 }
/** Messages per turn. A bundle of reports contains hundreds of items. A turn of work is 2 chunks, or 64 small messages. */
const TURN = {
  notify: { batch: 256, buffer: 512, share: 1 },
  work: { batch: 64, buffer: 256, share: 0.5, costOf: costOfWork },
  report: { batch: 16, buffer: 64, share: 0.5 },
} as const

/** Starts reading every queue. `stop` returns messages that have not been started and finishes the rest. */
export const startDispatcher = async (ports: DispatcherPorts, options: DispatcherOptions) => {
  const { stream, store, live, cache, seal, log, metrics } = ports
  const { unknownTypes, retentionMs, concurrency = 4, retryPauses } = options
  const accept = createAccept({ store, cache, unknownTypes, log, retentionMs, links: options })
  const prepared = createPreparedTypes(options, cache)
  const announce = createAnnounce({ store, live, log, metrics })
  const pushUpdates = createPushUpdates({ shownPushes: store.shownPushes, stream, log })
  const pipeline = createPipeline({
    store,
    cache,
    stream,
    accept,
    observeIntake: createObserveIntake({ log, metrics }),
    pin: createPin(cache),
    renderItems: createRenderItems({ store, cache, prepared, metrics }),
    storeItems: createStoreItems({ store, stream, metrics }),
    handOver: createHandOver({ live, log, metrics }),
    ...{ announce, pushUpdates },
    startPlans: createStartPlans({ live, stream, seal }),
    metrics,
  })
  const reports = createReports({ store, stream, seal })
  const work = workHandle(
    createWorkKinds({
      ...{ store, stream, cache, live, seal, metrics, log },
      pipeline,
      reports,
      prepared,
      announce,
      pushUpdates,
    }),
  )
  const handles = { notify: pipeline.notify, work, report: work }
  const outages = createOutages({ log, metrics })
  const feed = async (family: keyof typeof TURN, priority: Priority, queue: Queue): Promise<Feed> => {
    const { buffer, share, ...turn } = TURN[family]
    const reader = await stream.read(queue, { buffer })
    return { reader, handle: handles[family], weight: WEIGHTS[priority] * share, ...turn }
  }
  const feeds = await Promise.all([
    ...PRIORITIES.flatMap((priority) => [
      feed('notify', priority, `notify-${priority}`),
      feed('work', priority, `work-${priority}`),
    ]),
    feed('report', 'normal', 'report-normal'),
  ])
  const consumer = createConsumer(feeds, { outages, log, metrics }, { concurrency, retryPauses })
  const sending = await startSending({ ...ports, prepared, reports }, options)
  return {
    stop: async () => {
      const stopped = Promise.all([consumer.stop(), sending.stop()])
      outages.stop()
      await stopped
    },
  }
}
