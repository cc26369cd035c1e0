import { createSecretKey, hash } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Seal, TAG_DIGITS } from '../../security/seal.ts'
import type { Store } from '../port.ts'
import { accountsContract } from './accounts.ts'
import { atRestContract } from './at-rest.ts'
import { attachmentsContract } from './attachments.ts'
import { cancelKeysContract } from './cancel-keys.ts'
import { categoriesContract } from './categories.ts'
import { contextsContract } from './contexts.ts'
import { decisionsContract } from './decisions.ts'
import { deliveriesContract } from './deliveries.ts'
import { devicesContract } from './devices.ts'
import { digestsContract } from './digests.ts'
import { erasureContract } from './erasure.ts'
import { expiringKeysContract } from './expiring-keys.ts'
import { foreignIdsContract } from './foreign-ids.ts'
import { inboxContract } from './inbox.ts'
import { inboxAnnouncementsContract } from './inbox-announcements.ts'
import { inboxEntitiesContract } from './inbox-entities.ts'
import { inboxGroupsContract } from './inbox-groups.ts'
import { inboxModelContract } from './inbox-model.ts'
import { inboxRacesContract } from './inbox-races.ts'
import { labelledContract } from './labelled.ts'
import { libraryContract } from './library.ts'
import { notificationListContract } from './notification-list.ts'
import { notificationsContract } from './notifications.ts'
import { operationsContract } from './operations.ts'
import { preferencesContract } from './preferences.ts'
import { recipientsContract } from './recipients.ts'
import { schedulesContract } from './schedules.ts'
import { schemaContract } from './schema.ts'
import { shownPushesContract } from './shown-pushes.ts'
import { suppressionsContract } from './suppressions.ts'
import { tenantsContract } from './tenants.ts'
import { throttlesContract } from './throttles.ts'
import { topicsContract } from './topics.ts'
import { typesContract } from './types.ts'
import { usersContract } from './users.ts'
import { variantFiguresContract } from './variant-figures.ts'
import { versionsContract } from './versions.ts'

/** Opens the store in a place (a file, a keyspace), which may not exist yet. `seal` defaults to `contractSeal`. */
export type Open = (place: string, seal?: Seal) => Promise<Store>

/** Returns everything stored in a place, as text. */
export type Dump = (place: string) => Promise<string>

/** The contract of every store. `open` is called for several places, which the caller removes. */
export const storeContract = (name: string, open: Open, dump: Dump): void => {
  describe(`${name} store`, () => {
    let opened: Store | undefined
    const store = (): Store => {
      if (!opened) throw new Error('the store is not open')
      return opened
    }
    beforeAll(async () => {
      opened = await open('main')
      await opened.migrate()
      await opened.check()
    })
    afterAll(() => opened?.close())

    inboxContract(store)
    inboxGroupsContract(store)
    inboxAnnouncementsContract(store)
    inboxEntitiesContract(store)
    inboxModelContract(store)
    inboxRacesContract(store)
    recipientsContract(store)
    usersContract(store)
    preferencesContract(store)
    topicsContract(store)
    erasureContract(store)
    foreignIdsContract(store)
    tenantsContract(store)
    contextsContract(store)
    typesContract(store)
    categoriesContract(store)
    libraryContract(store)
    versionsContract(store)
    notificationsContract(store)
    notificationListContract(store)
    devicesContract(store)
    digestsContract(store)
    schedulesContract(store)
    throttlesContract(store)
    cancelKeysContract(store)
    labelledContract(store)
    operationsContract(store)
    accountsContract(store)
    suppressionsContract(store)
    attachmentsContract(store)
    deliveriesContract(store)
    decisionsContract(store)
    expiringKeysContract(store)
    variantFiguresContract(store)
    shownPushesContract(store)
    atRestContract(store, () => dump('main'))
    schemaContract(open)
  })
}

/** A reversible seal without encryption, bound to its context. The real seal has its own tests. */
export const contractSeal: Seal = {
  seal: (plain, context) => `${context}|${Buffer.from(plain).toString('base64')}`,
  open: (sealed, context) => {
    if (!sealed.startsWith(`${context}|`)) throw new Error(`sealed for another context than ${context}`)
    return Buffer.from(sealed.slice(context.length + 1), 'base64').toString()
  },
  sealBytes: (plain, context) =>
    Buffer.from(contractSeal.seal(Buffer.from(plain).toString('base64'), context)),
  openBytes: (sealed, context) =>
    Buffer.from(contractSeal.open(Buffer.from(sealed).toString(), context), 'base64'),
  digest: (plain, context) => hash('sha256', `${context}\n${plain}`, 'base64url'),
  tag: (plain, context) => hash('sha256', `${context}\n${plain}`, 'hex').slice(0, TAG_DIGITS),
  signingKey: (purpose, tenant) => createSecretKey(`${purpose} ${tenant}`, 'utf8'),
}
