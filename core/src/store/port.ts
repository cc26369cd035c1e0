import type { Accounts } from './ports/accounts.ts'
import type { Deliveries } from './ports/deliveries.ts'
import type { Devices } from './ports/devices.ts'
import type { ExpiringKeys } from './ports/expiring-keys.ts'
import type { Inbox } from './ports/inbox.ts'
import type { Notifications } from './ports/notifications.ts'
import type { Suppressions } from './ports/suppressions.ts'
import type { Tenants } from './ports/tenants.ts'
import type { Topics } from './ports/topics.ts'
import type { Types } from './ports/types.ts'
import type { Users } from './ports/users.ts'

/**
 * Everything that is kept. Every method rejects with UnavailableError when the database cannot be used now, and
 * has a time limit; anything else it rejects with is a fault.
 */
export interface Store {
  inbox: Inbox
  users: Users
  topics: Topics
  tenants: Tenants
  types: Types
  notifications: Notifications
  devices: Devices
  accounts: Accounts
  suppressions: Suppressions
  deliveries: Deliveries
  expiringKeys: ExpiringKeys
  /**
   * Brings the schema up to date; forward only; safe when several processes start at once. New data is recorded as
   * the installation `namespace`, or under a random name. Rejects with SetupError for data of another layout, which
   * is left as it is, and for data of another namespace.
   */
  migrate(namespace?: string): Promise<void>
  /**
   * The namespace of the installation that the data belongs to; undefined for new data. Only reads.
   * Rejects with SetupError for data of another layout.
   */
  namespace(): Promise<string | undefined>
  /** Rejects when the database does not answer, or its schema is older than this code; as `namespace` does, too. */
  check(): Promise<void>
  close(): Promise<void>
}
