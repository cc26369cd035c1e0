import { randomUUID } from 'node:crypto'
import type { Agent } from 'node:https'
import type { Credential } from 'firebase-admin/app'
import type { Messaging } from 'firebase-admin/messaging'

/**
 * Disables the retries of firebase-admin: up to four, with delays of up to a minute, which would bypass the
 * retry policy, rate limits and deadlines of Carillon. The setting is private; if it moves, the only effect
 * is that these retries return.
 */
const withoutRetries = (messaging: Messaging): Messaging => {
  const { messagingRequestHandler } = messaging as unknown as {
    messagingRequestHandler?: { httpClient?: { retry?: unknown } }
  }
  if (messagingRequestHandler?.httpClient) messagingRequestHandler.httpClient.retry = undefined
  return messaging
}

/** Opens a firebase-admin app. The library is imported here, on first use, because it is large. */
export const openFcmApp = async (
  projectId: string,
  credential: Credential,
  agent: Agent,
): Promise<{ messaging: Messaging; close(): Promise<void> }> => {
  const [{ deleteApp, initializeApp }, { getMessaging }] = await Promise.all([
    import('firebase-admin/app'),
    import('firebase-admin/messaging'),
  ])
  const app = initializeApp({ credential, projectId, httpAgent: agent }, `carillon-${randomUUID()}`)
  const messaging = withoutRetries(getMessaging(app))
  messaging.enableLegacyHttpTransport()
  return { messaging, close: () => deleteApp(app) }
}
