import { useEffect, useRef, useState } from 'react'
import { type Client, createClient } from '../client/client.ts'
import type { TokenSource } from '../http/token.ts'
import { tokenFrom } from '../http/token-endpoint.ts'
import { currentToken } from './current-token.ts'
import { createReferenceCount } from './reference-count.ts'

type Options = { url?: string; token?: TokenSource; tokenUrl?: string }

/** Returns an absolute URL. A server does not know the page's URL, but it requests nothing. */
const absolute = (url: string) => (globalThis.location ? url : new URL(url, 'http://localhost').href)

const open = ({ url, token, tokenUrl }: Options, current: () => TokenSource | undefined): Client => {
  if (!url || !(token || tokenUrl))
    throw new Error('<CarillonProvider> needs `client`, or `url` with `token` or `tokenUrl`')
  const source = typeof token === 'function' ? currentToken(current) : token || tokenFrom(tokenUrl!)
  return createClient({ url: absolute(url), token: source })
}

/** Returns a client that is closed once no mounted component holds it. Returns undefined without options. */
export const useOwnClient = (options: Options | undefined): Client | undefined => {
  const token = useRef(options?.token)
  useEffect(() => {
    token.current = options?.token
  })

  const key = options && JSON.stringify([options.url, options.tokenUrl, options.token])
  const make = () => {
    const client = options && open(options, () => token.current)
    return { key, client, users: createReferenceCount(() => client?.close()) }
  }
  const [held, hold] = useState(make)
  let current = held
  if (held.key !== key) {
    current = make()
    hold(current)
  }
  const { users } = current
  const replace = useRef(make)
  replace.current = make
  useEffect(() => {
    // React hid the provider and shows it again.
    if (users.ended) return hold(replace.current())
    return users.add()
  }, [users])
  return current.client
}
