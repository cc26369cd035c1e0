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
 * What a part reads. `walk`: the notifications of the target. `inbox`: the inbox of the target's user. `recheck`: the
 * notifications in `ids`, whose items were still being stored.
 */
const Phase = z.enum(['walk', 'inbox', 'recheck'])

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
    'The operation covers notifications that the log accepted before this time. Also the version of the new contents',
  ),
  step: z.int().min(0).describe('The number of the part'),
  phase: Phase,
  position: Position.optional().describe('Where the phase continues; absent at its start'),
  since: EpochMs.optional().describe('The walk covers notifications accepted then or later; absent for all'),
  watermark: EpochMs.optional().describe(
    'When the walk began, dispatchers had read everything that the log accepted before this time. The next walk covers the rest',
  ),
  ids: z.array(z.string()).optional().describe('The notifications to check again'),
  resume: Position.optional().describe('Where the walk continues after the check; absent if it has ended'),
  unfinished: z.array(z.string()).describe('Notifications whose items were still being stored'),
  round: z.int().min(0).describe('The number of pauses so far'),
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

/** Returns the first part of an operation. Marks of one user need no walk, because they cover stored items only. */
export const firstPart = (
  operation: Pick<OperationWork, 'id' | 'createdAt' | 'until' | 'verb' | 'target'>,
): OperationWork => ({
  ...operation,
  phase: operation.verb.kind === 'mark' && operation.target.user !== undefined ? 'inbox' : 'walk',
  ...{ step: 1, unfinished: [], round: 0, done: 0, total: 0, skipped: 0 },
})
