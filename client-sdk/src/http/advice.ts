import type { CarillonError, ErrorCode } from './error.ts'

const TOKEN = 'Pass a valid token of the signed-in user, or a function that gets a fresh one.'

const ADVICE: Partial<Record<ErrorCode, string>> = {
  unauthenticated: TOKEN,
  token_expired: `${TOKEN} The function is called again when a token expires.`,
  tenant_unknown: TOKEN,
  forbidden: TOKEN,
  not_carillon: 'Check the `url`. It must be the URL of a hub, without a path such as /v1.',
  version_mismatch: 'The hub has another version than this client. Update the older one.',
}

/**
 * Returns advice for a hub that does not respond. A page can find out whether the hub is unreachable or does not allow the
 * page.
 */
const reachable = async (url: string): Promise<string> => {
  try {
    await fetch(`${url}healthz`, { mode: 'no-cors', cache: 'no-store' })
  } catch {
    return `${url} cannot be reached. Check the \`url\`, and a Content-Security-Policy: it needs the hub in connect-src.`
  }
  const { origin } = globalThis.location ?? {}
  return origin && !url.startsWith(`${origin}/`)
    ? `${url} can be reached, but may not allow this page (CORS): is ${origin} in CARILLON_ORIGINS?`
    : `${url} can be reached.`
}

/** Explains an error on the console, with advice. */
export const advise = async ({ code, message }: CarillonError, url: string): Promise<void> => {
  const advice = code === 'network' ? await reachable(url) : (ADVICE[code] ?? '')
  console.error(`Carillon: ${message} (${code}). ${advice}`.trim())
}
