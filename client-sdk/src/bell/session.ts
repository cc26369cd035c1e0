import { type Client, createClient } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import { tokenFrom } from '../http/token-endpoint.ts'
import type { Push } from '../push/push.ts'
import { storedChoice } from './stored.ts'

/** The attributes and properties that say where the hub is, and who the user is. */
type Setup = {
  url: string | undefined
  token: TokenSource | undefined
  tokenUrl: string | undefined
  /** The context that the bell is limited to; null without the attribute. */
  context: string | null | undefined
  /** The path of the page's service worker; '' for that of the hub. */
  pushWorker: string | undefined
  push: Push | undefined
}

const tokensOf = ({ token, tokenUrl }: Setup) => token || (tokenUrl ? tokenFrom(tokenUrl) : undefined)

/** Creates the client of a bell from its attributes; nothing if one is missing. */
export const openClient = (setup: Setup): Client | undefined => {
  const token = tokensOf(setup)
  return setup.url && token
    ? createClient({ url: setup.url, token, context: setup.context ?? undefined })
    : undefined
}

/** Returns the web push of a bell: that of the app, or one by the attributes; nothing if the page has none. */
export const openPush = (setup: Setup): Promise<Push> | undefined => {
  const { push, pushWorker, url } = setup
  if (push) return Promise.resolve(push)
  const token = tokensOf(setup)
  if (typeof pushWorker !== 'string' || !url || !token) return undefined
  return import('../push/push.ts').then(({ createPush }) =>
    createPush({ url, token, ...(pushWorker && { worker: pushWorker }) }),
  )
}

/**
 * Keeps the subscription and the badge of the app up to date if the user turned web push on in this bell. Returns a function
 * that ends it.
 */
export const keepPush = (setup: Setup, { counts }: Client): (() => void) => {
  let isEnded = false
  let off = () => {}
  const keep = async () => {
    const push = await openPush(setup)
    // An app that has its own renews it itself.
    if (!push || setup.push || (await push.resume()) !== 'on' || isEnded) return
    off = push.follow(counts)
  }
  // What fails is tried when the next page loads.
  if (storedChoice('push') === 'on') keep().catch(() => {})
  return () => {
    isEnded = true
    off()
  }
}
