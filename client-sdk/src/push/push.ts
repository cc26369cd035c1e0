/**
 * Web push for the browser that shows the page. It reaches users while no page is open.
 * @module
 */
import type { Counts } from '@carillon/schemas'
import { hubUrl } from '../http/hub-url.ts'
import type { Request } from '../http/request.ts'
import type { TokenSource } from '../http/token.ts'
import type { Readable } from '../store/store.ts'
import { TIMING } from '../timing/delays.ts'
import { setAppBadge } from './app-badge.ts'
import { base64url, deviceId, readConfig, removeConfig, writeConfig } from './config.ts'

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
  /** `module` for a worker that is an ES module. */
  workerType?: WorkerType
  fetch?: typeof fetch
}

export type Push = {
  state(): Promise<PushState>
  /**
   * Asks the user for permission if needed, which browsers allow only in a click handler, and registers this browser with
   * the hub. Rejects with CarillonError if the hub refuses or does not respond, and with the browser's error if its push
   * service fails.
   */
  enable(): Promise<PushState>
  /**
   * Registers this browser again if push is on, or was on and the browser has lost its subscription. Call it when a page
   * loads, because the subscription, the key of the hub or the user may have changed. It never asks for permission. Rejects
   * like `enable`.
   */
  resume(): Promise<PushState>
  /**
   * Sets the app badge to the number of unread items, and removes shown notifications whose items are read or deleted, as long
   * as the page is open and push is on. `counts` are those of a client. Returns a function that stops this.
   */
  follow(counts: Readable<Counts>): () => void
  /** Unregisters this browser. Call it when the user signs out. */
  disable(): Promise<PushState>
}

/** Waits until the worker is active, because only an active worker can subscribe. */
const activated = (registration: ServiceWorkerRegistration) => {
  const { active, waiting, installing } = registration
  const worker = active ?? waiting ?? installing
  return new Promise<ServiceWorkerRegistration>((resolve, reject) => {
    const settled = new AbortController()
    const check = () => {
      if (!worker || worker.state === 'activated') resolve(registration)
      else if (worker.state === 'redundant')
        reject(new Error(`the service worker ${worker.scriptURL} could not be installed`))
      else return
      settled.abort()
    }
    worker?.addEventListener('statechange', check, settled)
    check()
  })
}

const supported = () =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis

/**
 * Creates the web push client. It does nothing until one of its methods is called. Throws `TypeError` if `url` is not an http
 * or https URL.
 */
export const createPush = ({ url, token, ...options }: PushOptions): Push => {
  const base = hubUrl(url)
  const worker = options.worker ?? new URL('push-worker.js', base).pathname
  let requests: Request | undefined
  const call: Request = async (...request) => {
    const { createPushRequests } = await import('./requests.ts')
    requests ??= createPushRequests(base, token, options.fetch)
    return requests(...request)
  }

  let key = ''

  const subscription = async () =>
    (await navigator.serviceWorker.getRegistration(worker))?.pushManager.getSubscription()

  const state = async (): Promise<PushState> => {
    if (!supported()) return 'unsupported'
    if (Notification.permission === 'denied') return 'denied'
    return (await subscription()) ? 'on' : 'off'
  }

  /** Returns the subscription for the hub's key. Replaces a subscription for another key. */
  const subscribe = async ({ pushManager }: ServiceWorkerRegistration) => {
    key = (await call<{ publicKey: string }>('GET', 'push/key')).publicKey
    const known = await pushManager.getSubscription()
    const used = known?.options.applicationServerKey
    if (known && used && base64url(used) === key) return known
    await known?.unsubscribe()
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })
  }

  const register = async (): Promise<PushState> => {
    const type = options.workerType
    const registration = await activated(
      await navigator.serviceWorker.register(worker, { ...(type && { type }) }),
    )
    const { endpoint = '', keys } = (await subscribe(registration)).toJSON()
    const { renewal } = await call<{ renewal?: string }>('PUT', `devices/${await deviceId(endpoint)}`, {
      ...{ kind: 'web-push', endpoint, keys },
    })
    await writeConfig({ ...(await readConfig()), url: base, key, renewal })
    return 'on'
  }

  return {
    state,
    async enable() {
      if (!supported() || (await Notification.requestPermission()) !== 'granted') return state()
      return register()
    },
    async resume() {
      const now = await state()
      const wanted = now === 'on' || (now === 'off' && (await readConfig()))
      return wanted && Notification.permission === 'granted' ? register() : now
    },
    follow(counts) {
      if (!supported()) return () => {}
      let unread: number | undefined
      const show = async (now: number) => {
        const { reportAndWithdraw } = await import('./report-and-withdraw.ts')
        // Changes come in bursts; the last one is enough.
        await new Promise((resolve) => setTimeout(resolve, TIMING.retry))
        const registration = await navigator.serviceWorker.getRegistration(worker)
        if (now !== unread || !(await registration?.pushManager.getSubscription())) return
        setAppBadge(now)
        await reportAndWithdraw(registration!)
      }
      return counts.subscribe(() => {
        const now = counts.getSnapshot().unread
        if (now === unread) return
        unread = now
        // The next change, or the next push, corrects the badge.
        show(now).catch(() => {})
      })
    },
    async disable() {
      if (!supported()) return state()
      const known = await subscription()
      await removeConfig()
      // The browser may refuse the badge, which is optional.
      navigator.clearAppBadge?.().catch(() => {})
      if (!known) return state()
      // If this fails, the push service reports the ended subscription at the next message.
      await call('DELETE', `devices/${await deviceId(known.endpoint)}`).catch(() => {})
      await known.unsubscribe()
      return 'off'
    },
  }
}
