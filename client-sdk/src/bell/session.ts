import { type Client, createClient } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import { tokenFrom } from '../http/token-endpoint.ts'
import type { Push } from '../push/push.ts'
import { storedChoice } from './stored-choices.ts'

/** The attributes and properties that configure the hub, the user and web push. */
type Setup = {
  url: string | undefined
  token: TokenSource | undefined
  tokenUrl: string | undefined
  /** The context that the bell is limited to; null without the attribute. */
  context: string | null | undefined
  /** The path of the page's service worker; '' for the worker of the hub. */
  pushWorker: string | undefined
  push: Push | undefined
}

const tokensOf = ({ token, tokenUrl }: Setup) => token || (tokenUrl ? tokenFrom(tokenUrl) : undefined)

/** Creates the client of a bell. Returns undefined if the URL or the token is missing, or the URL is invalid. */
export const openClient = (setup: Setup): Client | undefined => {
  const token = tokensOf(setup)
  try {
    return token ? createClient({ url: setup.url!, token, context: setup.context ?? undefined }) : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns the web push of a bell: the app's own, or one created from the attributes. Returns undefined if the page has neither.
 */
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
 * Keeps the push subscription and the app badge up to date if the user turned web push on in this bell. Returns a function that
 * stops this.
 */
export const keepPush = (setup: Setup, { counts }: Client): (() => void) => {
  let isEnded = false
  let off = () => {}
  const keep = async () => {
    const push = await openPush(setup)
    // An app that passes `push` renews it itself.
    if (!push || setup.push || (await push.resume()) !== 'on' || isEnded) return
    off = push.follow(counts)
  }
  // A failure is retried when the next page loads.
  if (storedChoice('push') === 'on') keep().catch(() => {})
  return () => {
    isEnded = true
    off()
  }
}
