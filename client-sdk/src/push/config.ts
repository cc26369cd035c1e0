import { TIMING } from '../timing/delays.ts'

/** A report about a push, as `POST /v1/push/reports` takes it. */
export type Report = { token: string; event: 'delivered' | 'clicked' | 'shown'; action?: string }

/** The configuration of the service worker. */
export type PushConfig = {
  /** The URL of the hub, which ends with a slash. */
  url: string
  /** The tenant's public key for web push. */
  key: string
  /** The token that replaces the subscription of this browser. */
  renewal?: string | undefined
  /** Reports that could not be sent. */
  waiting?: readonly Report[]
}

/** The configuration is stored by the Cache API, which the page and the worker share. */
const CACHE = 'carillon-push'
const PLACE = '/carillon-push.json'

/** Returns the configuration that the page has stored; undefined if push is off. */
export const readConfig = async (): Promise<PushConfig | undefined> =>
  (await (await caches.open(CACHE)).match(PLACE))?.json()

export const writeConfig = async (config: PushConfig) =>
  (await caches.open(CACHE)).put(PLACE, new Response(JSON.stringify(config)))

export const removeConfig = () => caches.delete(CACHE)

export const base64url = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Returns the device id of a browser, which is stable for a subscription. */
export const deviceId = async (endpoint: string) =>
  base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint)))

/** Sends JSON to the hub, without credentials. Rejects if the hub does not respond or is unavailable. */
export const post = async <T>(url: string, body: object): Promise<T | undefined> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    keepalive: true,
    signal: AbortSignal.timeout(TIMING.request),
  })
  if (response.status >= 500) throw new Error(`the hub answers ${response.status}`)
  return response.ok ? response.json() : undefined
}
