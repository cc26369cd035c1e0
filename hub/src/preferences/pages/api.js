/** An answer other than success. `code` is that of the problem, or `network` without an answer. */
export class Refused extends Error {
  constructor(code) {
    super(code)
    this.code = code
  }
}

/** Returns functions that read and change the preferences of the link. They throw `Refused`. */
export const createApi = (token) => {
  // Below the page, because a proxy may serve the hub below a path.
  const url = new URL('data', import.meta.url)
  const call = async (init) => {
    let response
    try {
      response = await fetch(url, {
        ...init,
        headers: {
          authorization: `Bearer ${token}`,
          ...(init.body && { 'content-type': 'application/json' }),
        },
        cache: 'no-store',
      })
    } catch {
      throw new Refused('network')
    }
    const body = await response.json().catch(() => ({}))
    if (!response.ok) throw new Refused(body.code ?? 'network')
    return body
  }
  return {
    read: () => call({}),
    change: (patch) => call({ method: 'PATCH', body: JSON.stringify(patch) }),
  }
}
