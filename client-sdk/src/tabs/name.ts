type Claims = { iss?: unknown; sub?: unknown; contexts?: unknown }

const claimsOf = (token: string): Claims => {
  const payload = token.split('.')[1] ?? ''
  // Non-ASCII characters are not decoded, because the claims are only hashed.
  return JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')))
}

/** Reports whether tabs can share a connection: in browsers with Web Locks, which plain `http:` lacks. */
export const canShare = (): boolean => {
  const { navigator, BroadcastChannel, document, crypto } = globalThis
  return !!(document && navigator?.locks && BroadcastChannel && crypto?.subtle)
}

/**
 * Returns the name shared by all tabs that show the same inbox: a hash of the hub, the tenant, the user and the contexts of
 * the token, and of the context that the client is limited to. Undefined if the token cannot be read, or if the browser refuses
 * locks or channels, as it does in a frame with an opaque origin (`sandbox` without `allow-same-origin`).
 */
export const sharedName = async (
  hub: string,
  token: string,
  context: string | undefined,
): Promise<string | undefined> => {
  try {
    const { iss, sub, contexts } = claimsOf(token)
    const identity = new TextEncoder().encode(JSON.stringify([hub, iss, sub, contexts, context]))
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', identity))
    const name = `carillon-${btoa(String.fromCharCode(...hash))}`
    await navigator.locks.query()
    new BroadcastChannel(name).close()
    return name
  } catch {
    return undefined
  }
}
