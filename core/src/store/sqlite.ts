import { ProblemError } from '../errors.ts'
import { requireNamespace } from '../installation/namespace.ts'
import type { Seal } from '../security/seal.ts'
import type { Database } from '../sqlite/database.ts'
import { createInbox } from './inbox/inbox.ts'
import { createLibraries } from './library/library.ts'
import type { Store } from './port.ts'
import { sealedAttachments } from './rules/sealed-attachments.ts'
import { sealedUsers } from './rules/sealed-users.ts'
import { sqliteAccounts } from './sqlite/accounts.ts'
import { sqliteAttachments } from './sqlite/attachments.ts'
import { sqliteCancelKeys } from './sqlite/cancel-keys.ts'
import { sqliteCategories } from './sqlite/categories.ts'
import { sqliteContexts } from './sqlite/contexts.ts'
import { sqliteDecisions } from './sqlite/decisions.ts'
import { sqliteDeliveries } from './sqlite/deliveries.ts'
import { sqliteDevices } from './sqlite/devices.ts'
import { sqliteDigests } from './sqlite/digests.ts'
import { sqliteExpiringKeys } from './sqlite/expiring-keys.ts'
import { sqliteInboxRows } from './sqlite/inbox.ts'
import { sqliteLabelled } from './sqlite/labelled.ts'
import { sqliteLibrary } from './sqlite/library.ts'
import { MIGRATIONS, migrate, schemaVersion } from './sqlite/migrations.ts'
import { sqliteNotifications } from './sqlite/notifications.ts'
import { sqliteOperations } from './sqlite/operations.ts'
import { sqlitePreferences } from './sqlite/preferences.ts'
import { startPurging } from './sqlite/purge.ts'
import { sqliteSchedules } from './sqlite/schedules.ts'
import { sqliteSession } from './sqlite/session.ts'
import { sqliteShownPushes } from './sqlite/shown-pushes.ts'
import { sqliteSuppressions } from './sqlite/suppressions.ts'
import { sqliteTenants } from './sqlite/tenants.ts'
import { sqliteThrottles } from './sqlite/throttles.ts'
import { sqliteTopics } from './sqlite/topics.ts'
import { sqliteTypes } from './sqlite/types.ts'
import { sqliteUsers } from './sqlite/users.ts'
import { sqliteVariantFigures } from './sqlite/variant-figures.ts'

/**
 * Returns the store in an SQLite file, which other embedded parts may share. The caller owns the database; `close` stops
 * background work only. `retention` (ms): how long notification records and deliveries are kept.
 */
export const sqliteStore = ({
  database,
  seal,
  retention,
}: {
  database: Database
  seal: Seal
  retention: number
}): Store => {
  const session = sqliteSession(database)
  const purging = startPurging(session)
  const check = async () => {
    const version = await session.with(schemaVersion)
    if (version < MIGRATIONS.length)
      throw new ProblemError(
        'unavailable',
        `the database has schema ${version} and this version needs ${MIGRATIONS.length}: run carillon migrate`,
      )
  }
  return {
    inbox: createInbox(sqliteInboxRows(session)),
    users: sealedUsers(sqliteUsers(session, seal), seal),
    preferences: sqlitePreferences(session, seal),
    topics: sqliteTopics(session),
    tenants: sqliteTenants(session, seal),
    contexts: sqliteContexts(session),
    types: sqliteTypes(session),
    categories: sqliteCategories(session),
    library: createLibraries(sqliteLibrary(session)),
    notifications: sqliteNotifications(session, retention),
    devices: sqliteDevices(session, seal),
    digests: sqliteDigests(session),
    schedules: sqliteSchedules(session, seal),
    throttles: sqliteThrottles(session),
    cancelKeys: sqliteCancelKeys(session, retention),
    labelled: sqliteLabelled(session, retention),
    operations: sqliteOperations(session),
    accounts: sqliteAccounts(session, seal),
    suppressions: sqliteSuppressions(session, seal),
    attachments: sealedAttachments(sqliteAttachments(session), seal),
    deliveries: sqliteDeliveries(session, retention),
    decisions: sqliteDecisions(session, retention),
    expiringKeys: sqliteExpiringKeys(session),
    variantFigures: sqliteVariantFigures(session),
    shownPushes: sqliteShownPushes(session),
    migrate: async (wanted) => {
      requireNamespace('the data file', database.namespace, wanted)
      return session.with(migrate)
    },
    namespace: async () => database.namespace,
    check,
    close: purging.stop,
  }
}
