import { hash } from 'node:crypto'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { StepWindow } from '@carillon/core/routing/digest'
import type { Opening, OpenWindow } from '@carillon/core/store/ports/digests'
import type { OutgoingMessage } from '@carillon/core/stream/port'
import { Channel, ContextKey, Priority, scheduleSubject, UserId, workSubject } from '@carillon/schemas'
import { z } from 'zod'

const Kind = z.enum(['digest', 'frequency', 'quiet_hours'])

/** A window that is due to close. */
export const DigestWork = z.object({
  user: UserId,
  window: z.string().max(64),
  id: z.string().max(64),
  kind: Kind,
  apart: z.boolean().optional().describe('It closes now, and what waits in it is decided about again'),
})
export type DigestWork = z.infer<typeof DigestWork>

/** The data stored with an open window, for closing it. */
export const About = z.object({
  kind: Kind,
  channel: Channel,
  context: ContextKey.optional(),
  frequency: z.enum(['hourly', 'daily', 'weekly']).optional(),
  priority: Priority,
})
export type About = z.infer<typeof About>

const keyOf = (tenant: string, kind: About['kind'], { user, window, id }: Opening): string =>
  scheduleSubject(tenant, kind, hash('sha256', `${user}\n${window}\n${id}`, 'base64url').slice(0, 32))

/** Returns the message that closes a window at `at` (epoch ms). It replaces an earlier one. */
export const closeMessage = (
  tenant: string,
  { user, window, id }: Opening,
  { kind, priority, at, apart }: Pick<About, 'kind' | 'priority'> & { at: number; apart?: boolean },
): OutgoingMessage => ({
  subject: workSubject('digest', priority, tenant),
  data: Buffer.from(JSON.stringify({ user, window, id, kind, ...(apart && { apart }) } satisfies DigestWork)),
  schedule: { at, key: keyOf(tenant, kind, { user, window, id }) },
})

/** Returns what is stored with a window that a step opens. */
export const aboutOf = (
  { kind, frequency }: StepWindow,
  { channel, context, priority }: Pick<About, 'channel' | 'context' | 'priority'>,
): About => ({
  ...{ kind, channel, priority },
  ...(context === undefined ? {} : { context }),
  ...(frequency === undefined ? {} : { frequency }),
})

const encoder = new TextEncoder()

/** Reads what is stored with an open window. */
export const readAbout = ({ about }: Pick<OpenWindow, 'about'>): About =>
  checked(About, parseJson(encoder.encode(about)), 'window')
