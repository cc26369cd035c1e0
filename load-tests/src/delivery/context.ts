import { createClosers } from '@carillon/cli/process/closers'
import { type Client, createClient } from '@carillon/client'
import type { Delivery, DeviceInput, InboxAdded, NotificationInput, UserProfile } from '@carillon/schemas'
import { io } from 'socket.io-client'
import { expect, vi } from 'vitest'
import type { AddedTenant } from '../consistency/tenants.ts'
import type { Environment } from './environment.ts'
import { subscribedBrowser } from './stand-ins/browser.ts'
import { googleWithPhone } from './stand-ins/google.ts'
import { mailServer } from './stand-ins/mail.ts'
import { phoneProvider } from './stand-ins/phone.ts'
import { sendgrid } from './stand-ins/sendgrid.ts'
import { webhookReceiver } from './stand-ins/webhook.ts'

const WAIT = { timeout: 120_000, interval: 50 }

/** Waits until the assertion holds. */
export const eventually = <T>(assertion: () => T | Promise<T>): Promise<T> => vi.waitFor(assertion, WAIT)

export type Answer = { status: number; body: unknown }

/** A client of the HTTP API with a tenant's API key. */
export const backend = (environment: Pick<Environment, 'hubs'>, { apiKey, token }: AddedTenant) => {
  const hub = () => environment.hubs[0]?.url ?? ''

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    bearer = apiKey,
    at = hub(),
  ): Promise<Answer> => {
    const response = await fetch(`${at}${path}`, {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  /** Returns the response body. Throws unless the request succeeds. */
  const ok = async <T>(...request: Parameters<typeof call>): Promise<T> => {
    const { status, body } = await call(...request)
    if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`)
    return body as T
  }

  const deliveries = async (id: string, user: string) =>
    (
      await ok<{ deliveries: Delivery[] }>(
        'GET',
        `/v1/notifications/${encodeURIComponent(id)}/deliveries?user=${encodeURIComponent(user)}`,
      )
    ).deliveries

  return {
    hub,
    token,
    ok,
    account: (id: string, account: Record<string, unknown>) => ok('PUT', `/v1/providers/${id}`, account),
    user: (id: string, profile: UserProfile) => ok('PUT', `/v1/users/${encodeURIComponent(id)}`, profile),
    device: (user: string, id: string, device: DeviceInput) =>
      ok('PUT', `/v1/users/${user}/devices/${id}`, device),
    /** Returns the notification's id. */
    send: async (notification: Omit<NotificationInput, 'type'>) =>
      (
        await ok<{ id: string }>('POST', '/v1/notifications', {
          type: 'note',
          title: 'News',
          ...notification,
        })
      ).id,
    /** Waits until the ledger has a matching delivery. */
    ledger: (id: string, user: string, expected: Partial<Delivery>) =>
      eventually(async () =>
        expect(await deliveries(id, user)).toContainEqual(expect.objectContaining(expected)),
      ),
    deliveries,
  }
}

/** Creates what a scenario needs: a tenant, an API client, stand-ins and clients. `close` closes all of them. */
export const openContext = async (environment: Environment) => {
  const closers = createClosers()
  const tenant = await environment.tenant()
  const api = backend(environment, tenant)

  const closeLater = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening
    closers.add('stand-in', () => opened.close())
    return opened
  }

  return {
    environment,
    tenant,
    ...api,
    mail: (options?: Parameters<typeof mailServer>[0]) => closeLater(mailServer(options)),
    phones: () => closeLater(phoneProvider()),
    sendgrid: () => closeLater(sendgrid()),
    google: () => closeLater(googleWithPhone()),
    browser: () => closeLater(subscribedBrowser()),
    receiver: () => closeLater(webhookReceiver()),
    /** Connects the client SDK, which acknowledges live messages. `contexts` limits its token. Resolves when it is connected. */
    app: async (user: string, contexts?: readonly string[]): Promise<Client> => {
      const client = createClient({ url: api.hub(), token: await tenant.token(user, contexts) })
      closers.add('app', () => client.close())
      client.counts.subscribe(() => {})
      await eventually(() => expect(client.connection).toBe('live'))
      return client
    },
    /**
     * Connects a client that never acknowledges. `received` holds the notifications it was sent, and `items` their items;
     * `closed` resolves when its connection is closed.
     */
    frozenApp: async (user: string) => {
      const socket = io(api.hub(), {
        transports: ['websocket'],
        auth: { token: await tenant.token(user) },
        forceNew: true,
      })
      closers.add('frozen app', () => void socket.disconnect())
      const received: string[] = []
      const items: string[] = []
      socket.on('inbox.added', ({ item }: InboxAdded) => {
        received.push(item.notification)
        items.push(item.id)
      })
      const closed = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()))
      await eventually(() => expect(socket.connected).toBe(true))
      return { received, items, closed, socket }
    },
    close: async () => {
      const failures = await closers.close(10_000)
      if (failures.length > 0) throw new AggregateError(failures.map(({ error }) => error))
    },
  }
}

export type ScenarioContext = Awaited<ReturnType<typeof openContext>>

export type Scenario = { title: string; run: (context: ScenarioContext) => Promise<void> }
