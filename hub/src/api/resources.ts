import { createDataCheck } from '@carillon/core/data-schema/data-check'
import { createEndpoints } from '@carillon/core/delivery/endpoints'
import { pushOriginAllowed } from '@carillon/core/delivery/push-services'
import { createReachability } from '@carillon/core/delivery/reachability'
import type { Owner } from '@carillon/core/store/ports/inbox'
import { createReadiness } from '@carillon/core/telemetry/readiness'
import { createUpload } from '../attachments/upload.ts'
import { catalogueKinds } from '../catalogue/kinds.ts'
import { createCursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import { createIdempotent } from '../idempotency/idempotent.ts'
import type { Verbs } from '../inbox/verbs.ts'
import { createItemList } from '../items/list.ts'
import { createStartOperation } from '../items/start.ts'
import { createChangeLibrary } from '../library/change.ts'
import { createCurrentLibrary } from '../library/current.ts'
import { createAcceptance } from '../notifications/accept.ts'
import { createCancel } from '../notifications/cancel.ts'
import { createDryRun } from '../notifications/dry-run.ts'
import { createNotificationList } from '../notifications/list.ts'
import { createLocalDue } from '../notifications/local-due.ts'
import { createSend } from '../notifications/send.ts'
import { createServing } from '../notifications/serving.ts'
import { createTotals } from '../notifications/totals.ts'
import { createWindowTimes } from '../notifications/window-times.ts'
import type { HubOptions, HubPorts } from '../options.ts'
import { createOtp } from '../otp/otp.ts'
import { createChangePreferences } from '../preferences/change.ts'
import { movingWaiting } from '../preferences/changed-defaults.ts'
import { createEffective } from '../preferences/effective.ts'
import { createPageData } from '../preferences/page-data.ts'
import { createPushLedger } from '../push/ledger.ts'
import { createPushReports } from '../push/reports.ts'
import { createScheduleWrites } from '../schedules/writes.ts'
import type { LongPolls } from '../sockets/long-polls.ts'
import { createUnsubscribe } from '../unsubscribe/unsubscribe.ts'
import { createErase } from '../users/erase.ts'
import { createErasureGuard } from '../users/erasure-guard.ts'
import { attachmentRoutes } from './attachments.ts'
import { callbackRoutes } from './callbacks.ts'
import { catalogueRoutes } from './catalogue.ts'
import { categoryRoutes } from './categories.ts'
import { contextRoutes } from './contexts.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { deliveryRoutes } from './deliveries.ts'
import { deviceRoutes } from './devices.ts'
import { explainRoutes } from './explain.ts'
import { healthRoutes } from './health.ts'
import { inboxRoutes } from './inbox.ts'
import { itemRoutes } from './items.ts'
import { libraryRoutes } from './library.ts'
import { liveRoutes } from './live.ts'
import { meRoutes } from './me.ts'
import { notificationListRoutes } from './notification-list.ts'
import { notificationRoutes } from './notifications.ts'
import { operationRoutes } from './operations.ts'
import { otpRoutes } from './otp.ts'
import { preferenceRoutes } from './preferences.ts'
import { preferencesPageRoutes } from './preferences-page.ts'
import { providerRoutes } from './providers.ts'
import { pushRoutes } from './push.ts'
import { scheduleRoutes } from './schedules.ts'
import { suppressionRoutes } from './suppressions.ts'
import { tenantRoutes } from './tenant.ts'
import { topicRoutes } from './topics.ts'
import { typePreviewRoutes } from './type-preview.ts'
import { typeTestRoutes } from './type-test.ts'
import { typeVariantRoutes } from './type-variants.ts'
import { typeRoutes } from './types.ts'
import { unsubscribeRoutes } from './unsubscribe.ts'
import { userRoutes } from './users.ts'

/** Adds the routes of all resources. */
export const addResources = (
  routes: Routes,
  ports: HubPorts,
  options: HubOptions & {
    verbs: Verbs
    longPolls: LongPolls
    draining: () => boolean
    /** Counts a request without a user token against the limits of a user. */
    limitUser: (owner: Owner) => Promise<unknown>
  },
) => {
  const { stream, live, cache, providers, http, seal, log, metrics } = ports
  const store = { ...ports.store, ...movingWaiting(ports.store, stream) }
  const { inbox, users, notifications, deliveries, accounts, suppressions, preferences } = store
  const { verbs, publicUrl } = options
  const cursors = createCursors(options.secret)
  const idempotent = createIdempotent(ports)
  const guard = createErasureGuard(users)
  const endpoints = createEndpoints(store.expiringKeys, ports)

  const acceptance = createAcceptance({ ...ports, dataFault: createDataCheck() }, options)
  const serving = createServing(ports, { captures: options.capturesMessages ?? false })
  const reachability = createReachability({ store, endpoints, accounts: { serving } })
  const cancel = createCancel({ ...ports, notifications, deliveries, cancelKeys: store.cancelKeys })
  notificationRoutes(routes, {
    send: createSend({ acceptance, idempotent, log, metrics }),
    dryRun: createDryRun({ ...ports, acceptance, reachability }, options),
    cancel,
    notifications,
    totals: createTotals(deliveries),
  })
  itemRoutes(routes, {
    ...{ list: createItemList(store), idempotent, cursors },
    start: createStartOperation({ store, stream, cancel }),
  })
  operationRoutes(routes, store.operations)
  notificationListRoutes(routes, { list: createNotificationList({ notifications, inbox }), cursors })
  scheduleRoutes(routes, {
    ...{ schedules: store.schedules, acceptance, cursors },
    writes: createScheduleWrites({ store, stream }),
  })
  attachmentRoutes(routes, { attachments: store.attachments, upload: createUpload(store.attachments) })
  const windowTimes = createWindowTimes(store)
  deliveryRoutes(routes, { inbox, notifications, deliveries, windowTimes, cursors })
  explainRoutes(routes, { ...store, localTimes: createLocalDue({ users, cache }) })
  inboxRoutes(routes, { inbox, live, verbs, cursors, log })
  liveRoutes(routes, options)
  userRoutes(routes, { users, erase: createErase({ users, inbox, stream, log }), cache, stream })
  tenantRoutes(routes, { tenants: store.tenants, insecureLinks: options.insecureLinks })
  contextRoutes(routes, { contexts: store.contexts, cursors, insecureLinks: options.insecureLinks })
  meRoutes(routes, { users, stream })
  topicRoutes(routes, { topics: store.topics, guard, cursors })
  const current = createCurrentLibrary({ library: store.library, cache })
  typeVariantRoutes(routes, store)
  typeRoutes(routes, { types: store.types, cursors, current })
  const change = createChangeLibrary({ library: store.library, types: store.types, cache, current })
  libraryRoutes(routes, { library: store.library, current, change, cursors })
  typeTestRoutes(routes, { types: store.types, acceptance })
  typePreviewRoutes(routes, { types: store.types, users, cache, current, seal }, options)
  catalogueRoutes(routes, {
    kinds: catalogueKinds({
      ...{ store, cache, current, acceptance, insecureLinks: options.insecureLinks },
      captures: options.capturesMessages,
    }),
  })
  categoryRoutes(routes, { categories: store.categories })
  deviceRoutes(routes, {
    devices: store.devices,
    ...{ cache, endpoints, http, guard },
    pushOrigin: options.anyPushOrigin ? () => true : pushOriginAllowed,
    ...{ seal, limit: options.limitUser },
  })
  pushRoutes(routes, {
    reports: createPushReports({
      ...{ seal, users, inbox, verbs, log },
      ...{ variantFigures: store.variantFigures, shownPushes: store.shownPushes },
      ...{ ledger: createPushLedger({ deliveries, stream }), limit: options.limitUser },
    }),
  })
  otpRoutes(routes, { otp: createOtp({ ...ports, captured: options.capturesMessages }), idempotent })
  providerRoutes(routes, { accounts, providers, endpoints, http })
  callbackRoutes(routes, { accounts, cache, providers, http, stream, seal, publicUrl })
  suppressionRoutes(routes, { suppressions, cursors })
  const changePreferences = createChangePreferences({ preferences, stream, live, log, metrics })
  const effective = createEffective({
    ...{ preferences, users, types: store.types, categories: store.categories, cache },
  })
  preferenceRoutes(routes, { preferences, effective, change: changePreferences, cursors })
  preferencesPageRoutes(routes, {
    data: createPageData({ effective }),
    ...{ change: changePreferences, seal, publicUrl },
  })
  unsubscribeRoutes(routes, {
    ...createUnsubscribe({
      ...{ preferences, types: store.types, categories: store.categories },
      ...{ cache, change: changePreferences },
    }),
    ...{ users, cache, seal },
  })
  deadLetterRoutes(routes, { stream, cursors, seal })
  healthRoutes(routes, {
    readiness: createReadiness({ stream, store, live }),
    draining: options.draining,
    ...{ publicUrl, stream, providers, log, metrics },
  })
}
