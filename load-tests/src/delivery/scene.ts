import { createClosers } from '@carillon/cli/process/closers'
import { type Client, createClient } from '@carillon/client-sdk'
import type { Delivery, Device, InboxAdded, NotificationInput, UserProfile } from '@carillon/schemas'
import { io } from 'socket.io-client'
import { expect, vi } from 'vitest'
import type { AddedTenant } from '../consistency/tenants.ts'
import type { Stage } from './stage.ts'
import { subscribedBrowser } from './stand-ins/browser.ts'
import { mailServer } from './stand-ins/mail.ts'
import { phoneCompany } from './stand-ins/phone.ts'
import { sendgrid } from './stand-ins/sendgrid.ts'
import { webhookReceiver } from './stand-ins/webhook.ts'

const PATIENCE = { timeout: 90_000, interval: 50 }

/** Waits until what it says is so. */
export const eventually = <T>(claim: () => T | Promise<T>): Promise<T> => vi.waitFor(claim, PATIENCE)

export type Answer = { status: number; body: unknown }

/** The HTTP API as a tenant's backend uses it. */
export const backend = (stage: Pick<Stage, 'hubs'>, { apiKey, token }: AddedTenant) => {
  const hub = () => stage.hubs[0]?.url ?? ''

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

  /** What the API answers with, which has to be a success. */
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
    device: (user: string, id: string, device: Device) =>
      ok('PUT', `/v1/users/${user}/devices/${id}`, device),
    /** Resolves to the notification's id. */
    send: async (notification: Omit<NotificationInput, 'type'>) =>
      (
        await ok<{ id: string }>('POST', '/v1/notifications', {
          type: 'note',
          title: 'News',
          ...notification,
        })
      ).id,
    /** Waits until the ledger has a delivery like this one. */
    ledger: (id: string, user: string, expected: Partial<Delivery>) =>
      eventually(async () =>
        expect(await deliveries(id, user)).toContainEqual(expect.objectContaining(expected)),
      ),
    deliveries,
  }
}

/** A tenant of its own, what it takes to play a scenario, and the end of all that. */
export const openScene = async (stage: Stage) => {
  const closers = createClosers()
  const tenant = await stage.tenant()
  const api = backend(stage, tenant)

  const closing = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening
    closers.add('stand-in', () => opened.close())
    return opened
  }

  return {
    stage,
    tenant,
    ...api,
    mail: (options?: Parameters<typeof mailServer>[0]) => closing(mailServer(options)),
    phones: () => closing(phoneCompany()),
    sendgrid: () => closing(sendgrid()),
    browser: () => closing(subscribedBrowser()),
    receiver: () => closing(webhookReceiver()),
    /** The real client in somebody's app, which acknowledges what it gets; resolves when it is connected. */
    app: async (user: string): Promise<Client> => {
      const client = createClient({ url: api.hub(), token: await tenant.token(user) })
      closers.add('app', () => client.close())
      client.counts.subscribe(() => {})
      await eventually(() => expect(client.connection).toBe('live'))
      return client
    },
    /**
     * An app that has frozen: it is connected, and says nothing. `got` names what it was sent; `ended` resolves when its
     * connection is closed.
     */
    frozenApp: async (user: string) => {
      const socket = io(api.hub(), {
        transports: ['websocket'],
        auth: { token: await tenant.token(user) },
        forceNew: true,
      })
      closers.add('frozen app', () => void socket.disconnect())
      const got: string[] = []
      socket.on('inbox.added', ({ item }: InboxAdded) => got.push(item.notification))
      const ended = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()))
      await eventually(() => expect(socket.connected).toBe(true))
      return { got, ended }
    },
    close: async () => {
      const failures = await closers.close(10_000)
      if (failures.length > 0) throw new AggregateError(failures.map(({ error }) => error))
    },
  }
}

export type Scene = Awaited<ReturnType<typeof openScene>>

export type Scenario = { title: string; play: (scene: Scene) => Promise<void> }
