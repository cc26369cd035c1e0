import type { Accounts } from './ports/accounts.ts'
import type { Attachments } from './ports/attachments.ts'
import type { CancelKeys } from './ports/cancel-keys.ts'
import type { Categories } from './ports/categories.ts'
import type { Contexts } from './ports/contexts.ts'
import type { Decisions } from './ports/decisions.ts'
import type { Deliveries } from './ports/deliveries.ts'
import type { Devices } from './ports/devices.ts'
import type { Digests } from './ports/digests.ts'
import type { ExpiringKeys } from './ports/expiring-keys.ts'
import type { Inbox } from './ports/inbox.ts'
import type { Labelled } from './ports/labelled.ts'
import type { Libraries } from './ports/library.ts'
import type { Notifications } from './ports/notifications.ts'
import type { Operations } from './ports/operations.ts'
import type { UserPreferences } from './ports/preferences.ts'
import type { Schedules } from './ports/schedules.ts'
import type { ShownPushes } from './ports/shown-pushes.ts'
import type { Suppressions } from './ports/suppressions.ts'
import type { Tenants } from './ports/tenants.ts'
import type { Throttles } from './ports/throttles.ts'
import type { Topics } from './ports/topics.ts'
import type { Types } from './ports/types.ts'
import type { Users } from './ports/users.ts'
import type { VariantFigures } from './ports/variant-figures.ts'

/**
 * The store, table by table. Every method settles within a time limit. It rejects with UnavailableError if
 * the database is currently not usable; any other rejection is a fault.
 */
export interface Store {
  inbox: Inbox
  users: Users
  preferences: UserPreferences
  topics: Topics
  tenants: Tenants
  contexts: Contexts
  types: Types
  categories: Categories
  library: Libraries
  notifications: Notifications
  devices: Devices
  digests: Digests
  schedules: Schedules
  throttles: Throttles
  cancelKeys: CancelKeys
  labelled: Labelled
  operations: Operations
  accounts: Accounts
  suppressions: Suppressions
  attachments: Attachments
  deliveries: Deliveries
  decisions: Decisions
  expiringKeys: ExpiringKeys
  variantFigures: VariantFigures
  shownPushes: ShownPushes
  /**
   * Migrates the schema, forward only, and resolves to the number of steps that this call applied. Safe to run
   * concurrently. Records new data under `namespace`, or a random one. Rejects with SetupError, changing nothing, for data
   * of another layout, namespace or secret.
   */
  migrate(namespace?: string): Promise<number>
  /**
   * Returns the namespace of the installation that owns the data; undefined for new data. Read-only.
   * Rejects with SetupError for data of another layout.
   */
  namespace(): Promise<string | undefined>
  /**
   * Rejects if the database does not respond, or its schema is older than this code. Rejects with SetupError for data of
   * another layout or secret.
   */
  check(): Promise<void>
  close(): Promise<void>
}
