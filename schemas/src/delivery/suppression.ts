import { z } from 'zod'
import { Timestamp } from '../fields/timestamp.ts'
import { Channel } from './channel.ts'

/** Why an address is suppressed. */
export const SUPPRESSION_REASONS = ['bounce', 'complaint', 'stop', 'unsubscribe', 'manual'] as const
export const SuppressionReason = z
  .enum(SUPPRESSION_REASONS)
  .meta({ id: 'SuppressionReason', description: 'Why an address is suppressed' })
export type SuppressionReason = z.infer<typeof SuppressionReason>

export const Suppression = z
  .object({
    channel: Channel,
    address: z.string().min(3).max(254).describe('An e-mail address, or a phone number as E.164'),
    reason: SuppressionReason,
    at: Timestamp.describe('When it was suppressed'),
    source: z.string().max(128).nullable().describe('The id of the provider account that reported it'),
  })
  .meta({
    id: 'Suppression',
    description: 'An address to which nothing is sent',
    examples: [
      {
        channel: 'email',
        address: 'ada@example.com',
        reason: 'bounce',
        at: '2026-01-31T09:10:05.000Z',
        source: 'smtp-main',
      },
    ],
  })
export type Suppression = z.infer<typeof Suppression>
