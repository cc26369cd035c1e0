import {
  ItemMarks,
  ItemSelection,
  ItemTexts,
  JsonObject,
  scheduleSubject,
  workSubject,
} from '@carillon/schemas'
import { z } from 'zod'
import { EpochMs } from '../json/epoch.ts'
import type { OutgoingMessage } from '../stream/port.ts'

const Position = z.object({
  at: z.number(),
  id: z.string(),
  within: z.object({ page: z.string(), skip: z.int().min(0) }).optional(),
})

/** A verb with its arguments. */
const Verb = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('recall') }),
  z.object({ kind: z.literal('mark'), marks: ItemMarks }),
  z.object({
    kind: z.literal('replace'),
    data: JsonObject.optional(),
    content: ItemTexts.optional(),
    unread: z.boolean().optional(),
    ring: z.boolean().optional(),
  }),
])
export type Verb = z.infer<typeof Verb>

/**
 * One part of an operation on delivered items, of up to about 500 inboxes. The next part is appended once this one is done, so
 * that operations of several tenants take turns, and any dispatcher continues after a crash.
 */
export const OperationWork = z.object({
  id: z.uuid(),
  createdAt: EpochMs,
  verb: Verb,
  target: ItemSelection,
  until: EpochMs.describe(
    "Covers notifications accepted before, by the log's clock. Also the version of the contents that it writes",
  ),
  step: z.int().min(0).describe('The number of the part'),
  position: Position.optional().describe('Where it continues; absent at the start'),
  ids: z.array(z.string()).optional().describe('The notifications to walk in place of those of the target'),
  unfinished: z.array(z.string()).describe('Notifications whose items were still being stored'),
  round: z.int().min(0).describe('How often it has walked unfinished notifications'),
  done: z.int().min(0),
  total: z.int().min(0),
  skipped: z.int().min(0),
})
export type OperationWork = z.infer<typeof OperationWork>

/** Returns the message of a part, which is due at once or at `at` (epoch ms). */
export const operationMessage = (tenant: string, work: OperationWork, at?: number): OutgoingMessage => ({
  subject: workSubject('operation', 'normal', tenant),
  data: Buffer.from(JSON.stringify(work)),
  ...(at === undefined
    ? { dedupe: `operation ${tenant} ${work.id} ${work.step}` }
    : { schedule: { at, key: scheduleSubject(tenant, 'operation', work.id) } }),
})

/** Returns the first part of an operation. */
export const firstPart = (
  operation: Pick<OperationWork, 'id' | 'createdAt' | 'until' | 'verb' | 'target'>,
): OperationWork => {
  const { notification } = operation.target
  return {
    ...operation,
    ...(notification === undefined ? {} : { ids: [notification] }),
    ...{ step: 1, unfinished: [], round: 0, done: 0, total: 0, skipped: 0 },
  }
}
