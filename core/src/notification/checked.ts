import type { Notification, NotificationType, Priority } from '@carillon/schemas'

/**
 * A notification that a hub has checked, with everything that a dispatcher would find out again. `made`: whether the hub made the
 * id. `version`: of its type, 0 for none. `revision`: of the library, if templates of the type may refer to it. `zone`: the time
 * zone of dates without a time.
 */
export type CheckedNotification = {
  notification: Notification & { id: string; priority: Priority }
  type: NotificationType | undefined
  made: boolean
  version: number
  revision: number | undefined
  zone: string
}
