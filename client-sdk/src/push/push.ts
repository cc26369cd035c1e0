/**
 * Web push for the browser that shows the page. It reaches users while no page is open.
 * @module
 */
import { createRequest } from '../http/request.ts'
import { createTokens, type TokenSource } from '../http/token.ts'
import { TIMING } from '../timing/timing.ts'

export type { TokenSource }

/**
 * `on`: this browser receives the user's push messages. `off`: it does not. `denied`: the user denied permission, and can
 * change it only in the browser's settings. `unsupported`: web push is not available, for example on iOS before the page
 * is installed.
 */
export type PushState = 'on' | 'off' | 'denied' | 'unsupported'

export type PushOptions = {
  /** The URL of the hub; it may be relative to the page. */
  url: string
  /** The user's token, or a function that gets one. The function is called again when the hub refuses the last token. */
  token: TokenSource
  /**
   * The path of the page's service worker: by default the hub's `push-worker.js`, which has to be on the origin of the
   * page. A page has one worker, so a worker of your own has to import `push-worker.js`.
   */
  worker?: string
  fetch?: typeof fetch
}

export type Push = {
  state(): Promise<PushState>
  /**
   * Asks the user for permission if needed, which browsers allow only in a click handler, and registers this browser with
   * the hub. Call it also when a page loads with state `on`, because the subscription or the user may have changed.
   * Rejects with CarillonError if the hub refuses or does not respond, and with the browser's error if its push service
   * fails.
   */
  enable(): Promise<PushState>
  /** Unregisters this browser. Call it when the user signs out. */
  disable(): Promise<PushState>
}

const base64url = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Returns the device id of the browser, which is stable for a subscription. */
const deviceId = async (endpoint: string) =>
  base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint)))

/** Waits until the worker is active, because only an active worker can subscribe. */
const activated = (registration: ServiceWorkerRegistration) => {
  const { active, waiting, installing } = registration
  const worker = active ?? waiting ?? installing
  return new Promise<ServiceWorkerRegistration>((resolve, reject) => {
    const look = () => {
      if (!worker || worker.state === 'activated') resolve(registration)
      else if (worker.state === 'redundant')
        reject(new Error(`the service worker ${worker.scriptURL} could not be installed`))
    }
    worker?.addEventListener('statechange', look)
    look()
  })
}

const supported = () =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

/** Creates the web push client. It does nothing until one of its methods is called. */
export const createPush = ({ url, token, ...options }: PushOptions): Push => {
  const base = new URL(url, globalThis.location?.href).href.replace(/\/?$/, '/')
  const worker = options.worker ?? new URL('push-worker.js', base).pathname
  const call = createRequest({
    url: `${base}v1/`,
    tokens: createTokens(token),
    fetch: (...request) => (options.fetch ?? globalThis.fetch)(...request),
    timeout: TIMING.request,
    signal: new AbortController().signal,
  })

  const subscription = async () =>
    (await navigator.serviceWorker.getRegistration(worker))?.pushManager.getSubscription()

  const state = async (): Promise<PushState> => {
    if (!supported()) return 'unsupported'
    if (Notification.permission === 'denied') return 'denied'
    return (await subscription()) ? 'on' : 'off'
  }

  /** Returns the subscription for the hub's key. Replaces a subscription for another key. */
  const subscribe = async ({ pushManager }: ServiceWorkerRegistration) => {
    const { publicKey } = await call<{ publicKey: string }>('GET', 'push/key')
    const known = await pushManager.getSubscription()
    const key = known?.options.applicationServerKey
    if (known && key && base64url(key) === publicKey) return known
    await known?.unsubscribe()
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey })
  }

  return {
    state,
    async enable() {
      if (!supported() || (await Notification.requestPermission()) !== 'granted') return state()
      const registration = await activated(await navigator.serviceWorker.register(worker))
      const { endpoint = '', keys } = (await subscribe(registration)).toJSON()
      await call('PUT', `devices/${await deviceId(endpoint)}`, { kind: 'web-push', endpoint, keys })
      return 'on'
    },
    async disable() {
      const known = supported() ? await subscription() : undefined
      if (!known) return state()
      // If this fails, the push service reports the ended subscription at the next message.
      await call('DELETE', `devices/${await deviceId(known.endpoint)}`).catch(() => {})
      await known.unsubscribe()
      return 'off'
    },
  }
}
