import type { Notification, NotificationType } from '@carillon/schemas'

/**
 * Returns when a notification expires: at its own `expiresAt`, else after the time of its type; undefined if neither says.
 * `at`: when it is delivered, epoch ms. Pure.
 */
export const expiryOf = (
  { expiresAt }: Pick<Notification, 'expiresAt'>,
  type: Pick<NotificationType, 'expiresAfter'> | undefined,
  at: number,
): string | undefined =>
  expiresAt ??
  (type?.expiresAfter === undefined ? undefined : new Date(at + type.expiresAfter * 1_000).toISOString())
