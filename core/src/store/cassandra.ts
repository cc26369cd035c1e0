import type { CassandraConnection } from '../cassandra/connection.ts'
import { keyspaceExists, readInstallation, whereOf } from '../cassandra/installation.ts'
import { ProblemError } from '../errors.ts'
import type { Installation } from '../installation/layout.ts'
import { requireSecret } from '../installation/secret.ts'
import type { Seal } from '../security/seal.ts'
import { cassandraAccounts } from './cassandra/accounts.ts'
import { cassandraAttachments } from './cassandra/attachments.ts'
import { cassandraCancelKeys } from './cassandra/cancel-keys.ts'
import { cassandraCategories } from './cassandra/categories.ts'
import { cassandraContexts } from './cassandra/contexts.ts'
import { cassandraDecisions } from './cassandra/decisions.ts'
import { cassandraDeliveries } from './cassandra/deliveries.ts'
import { cassandraDevices } from './cassandra/devices.ts'
import { cassandraDigests } from './cassandra/digests.ts'
import { cassandraExpiringKeys } from './cassandra/expiring-keys.ts'
import { cassandraInbox } from './cassandra/inbox.ts'
import { cassandraLabelled } from './cassandra/labelled.ts'
import { cassandraLibrary } from './cassandra/library.ts'
import { MIGRATIONS, migrate, schemaVersion } from './cassandra/migrations.ts'
import { cassandraNotifications } from './cassandra/notifications.ts'
import { cassandraOperations } from './cassandra/operations.ts'
import { cassandraPreferences } from './cassandra/preferences.ts'
import { cassandraSchedules } from './cassandra/schedules.ts'
import { cassandraSession, translate } from './cassandra/session.ts'
import { cassandraShownPushes } from './cassandra/shown-pushes.ts'
import { cassandraSuppressions } from './cassandra/suppressions.ts'
import { cassandraTenants } from './cassandra/tenants.ts'
import { cassandraThrottles } from './cassandra/throttles.ts'
import { cassandraTopics } from './cassandra/topics.ts'
import { cassandraTypes } from './cassandra/types.ts'
import { cassandraUsers } from './cassandra/users.ts'
import { cassandraVariantFigures } from './cassandra/variant-figures.ts'
import { createInbox } from './inbox/inbox.ts'
import { createLibraries } from './library/library.ts'
import type { Store } from './port.ts'
import { sealedAttachments } from './rules/sealed-attachments.ts'
import { sealedUsers } from './rules/sealed-users.ts'

export { type CassandraConnection, connectCassandra } from '../cassandra/connection.ts'

/**
 * Returns the store in Cassandra. `close` shuts down the client. `retention` (ms): the maximum age of
 * notifications and items, and how far back inboxes are read.
 */
export const cassandraStore = ({
  seal,
  retention,
  ...connection
}: CassandraConnection & { seal: Seal; retention: number }): Store => {
  const session = cassandraSession(connection.client, connection.keyspace)
  const rows = cassandraInbox(session, retention)
  const topics = cassandraTopics(session)
  const devices = cassandraDevices(session, seal)
  const digests = cassandraDigests(session)
  const throttles = cassandraThrottles(session)
  const shownPushes = cassandraShownPushes(session)
  const notifications = cassandraNotifications(session, retention)
  const preferences = cassandraPreferences(session, seal)
  const keyspace = whereOf(connection.keyspace)
  const translated = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await work()
    } catch (error) {
      throw translate(error)
    }
  }
  let known: Installation | undefined
  const installation = async () => {
    known ??= await translated(() => readInstallation(connection))
    return known
  }
  const check = async () => {
    const found = await installation()
    if (found) requireSecret(keyspace, found, seal)
    else if (!(await translated(() => keyspaceExists(connection))))
      throw new ProblemError(
        'unavailable',
        `${keyspace} does not exist: run carillon migrate, which creates it`,
      )
    const version = await schemaVersion(connection)
    if (version < MIGRATIONS.length)
      throw new ProblemError(
        'unavailable',
        `${keyspace} has schema ${version} and this version needs ${MIGRATIONS.length}: run carillon migrate`,
      )
  }
  return {
    inbox: createInbox(rows),
    users: sealedUsers(
      cassandraUsers(session, seal, {
        inbox: rows,
        topics,
        devices,
        notifications,
        preferences,
        digests,
        throttles,
        shownPushes,
      }),
      seal,
    ),
    preferences,
    topics,
    tenants: cassandraTenants(session, seal),
    contexts: cassandraContexts(session),
    types: cassandraTypes(session),
    categories: cassandraCategories(session),
    library: createLibraries(cassandraLibrary(session)),
    notifications,
    devices,
    digests,
    schedules: cassandraSchedules(session, seal),
    throttles,
    cancelKeys: cassandraCancelKeys(session, retention),
    labelled: cassandraLabelled(session, retention),
    operations: cassandraOperations(session),
    accounts: cassandraAccounts(session, seal),
    suppressions: cassandraSuppressions(session, seal),
    attachments: sealedAttachments(cassandraAttachments(session), seal),
    deliveries: cassandraDeliveries(session, retention),
    decisions: cassandraDecisions(session, retention),
    expiringKeys: cassandraExpiringKeys(session),
    variantFigures: cassandraVariantFigures(session),
    shownPushes,
    migrate: (wanted) => migrate(connection, seal, wanted),
    namespace: async () => (await installation())?.namespace,
    check,
    close: () => connection.client.shutdown(),
  }
}
