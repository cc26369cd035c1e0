import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import type { Client } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import { useOwnClient } from './own-client.ts'

export type CarillonProviderProps = {
  children?: ReactNode
  /** The URL of the hub; it may be relative to the page. */
  url?: string
  /** The user's token, or a function that gets one. A new token creates a new client; a new function does not. */
  token?: TokenSource
  /** An endpoint of the app that returns `{"token": "…"}`, in place of `token`. */
  tokenUrl?: string
  /** A client that the app created, in place of `url` and `token`. The provider does not close it. */
  client?: Client
}

const ClientContext = createContext<Client | undefined>(undefined)

/**
 * Gives the components below it one client. The client of a `url` is closed when the provider is removed. It belongs to one
 * user: give the provider the user's id as its `key`, so that another user gets another client.
 */
export const CarillonProvider = ({ children, client, ...options }: CarillonProviderProps): ReactElement => {
  const own = useOwnClient(client ? undefined : options)
  return createElement(ClientContext.Provider, { value: client ?? own }, children)
}

/** Returns the client of the nearest provider; undefined without one. */
export const useOptionalClient = (): Client | undefined => useContext(ClientContext)

/** Returns the client of the nearest provider. Throws without one. */
export const useClient = (): Client => {
  const client = useOptionalClient()
  if (!client) throw new Error('Wrap the component in <CarillonProvider url="…" tokenUrl="…">')
  return client
}
