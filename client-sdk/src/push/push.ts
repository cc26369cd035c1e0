/**
 * Web push for the browser the page is shown in, beside the bell: what reaches people when no page is open.
 * @module
 */
import { createCall } from '../http/request.ts'
import { createTokens, type TokenSource } from '../http/token.ts'
import { TIMING } from '../timing/timing.ts'

export type { TokenSource }

/**
 * `on`: this browser gets the user's push messages. `off`: it does not. `denied`: the user forbade it, and only they can
 * change that, in the browser's settings. `unsupported`: it cannot, for example on iOS before the page is installed.
 */
export type PushState = 'on' | 'off' | 'denied' | 'unsupported'

export type PushOptions = {
  /** Where the hub is; it may be relative to the page. */
  url: string
  /** The user's token, or a function that gets one, called again when the hub refuses the last. */
  token: TokenSource
  /**
   * Path of the page's service worker: `push-worker.js` of the hub, if that is where the page comes from, or a worker of
   * your own that imports it, for a page has only one.
   */
  worker?: string
  fetch?: typeof fetch
}

export type Push = {
  state(): Promise<PushState>
  /**
   * Asks the user for permission, if that is still open, which browsers allow only upon a click; then registers this
   * browser with the hub. Call it also when a page loads with state `on`: the browser may have been given another address,
   * or another user may have signed in. Rejects with CarillonError when the hub refuses or does not answer, and with the
   * browser's own error when its push service does not.
   */
  enable(): Promise<PushState>
  /** Ends it for this browser; call it when the user signs out. */
  disable(): Promise<PushState>
}

const base64url = (bytes: ArrayBuffer) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** The browser's name at the hub: the same for as long as its address stays. */
const deviceId = async (endpoint: string) =>
  base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint)))

/** A worker can subscribe only once it is active. */
const activated = (registration: ServiceWorkerRegistration) => {
  const { active, waiting, installing } = registration
  const worker = active ?? waiting ?? installing
  return new Promise<ServiceWorkerRegistration>((resolve, reject) => {
    const look = () => {
      if (!worker || worker.state === 'activated') resolve(registration)
      else if (worker.state === 'redundant') reject(new Error('the service worker could not be installed'))
    }
    worker?.addEventListener('statechange', look)
    look()
  })
}

const supported = () =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

/** Touches neither network nor browser until it is asked something. */
export const createPush = ({ url, token, ...options }: PushOptions): Push => {
  const base = new URL(url, globalThis.location?.href).href.replace(/\/?$/, '/')
  const worker = options.worker ?? new URL('push-worker.js', base).pathname
  const call = createCall({
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

  /** Subscriptions are for one key. */
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
      // Should the hub not hear of it, the push service tells it with the next message.
      await call('DELETE', `devices/${await deviceId(known.endpoint)}`).catch(() => {})
      await known.unsubscribe()
      return 'off'
    },
  }
}
