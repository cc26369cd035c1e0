import type { CarillonError, ErrorCode } from './error.ts'

const TOKEN = 'Pass a valid token of the signed-in user, or a function that gets a fresh one.'

/** The message for a bell whose setup is incomplete. */
export const SETUP =
  '<notification-bell> needs `url`, an http(s) URL such as https://hub.example, and `token-url`, `token` or the property `client`.'

const ADVICE: Partial<Record<ErrorCode, string>> = {
  unauthenticated: TOKEN,
  token_expired: `${TOKEN} The function is called again when a token expires.`,
  tenant_unknown: TOKEN,
  forbidden: TOKEN,
  not_carillon: 'Check the `url`. It must be the URL of a hub, without a path such as /v1.',
  token_url: 'Check `token-url`. It must return {"token": "…"}.',
  version_mismatch: 'The hub has another version than this client. Update the older one.',
}

const responds = (url: string, options: RequestInit): Promise<boolean> =>
  fetch(url, { ...options, cache: 'no-store' }).then(
    () => true,
    () => false,
  )

/**
 * Returns advice for a request without a response. A browser hides the reason of the failure. This sends requests that a hub
 * answers for every origin, and one that it answers only for allowed origins.
 */
const diagnose = async (url: string): Promise<string> => {
  if (!(await responds(`${url}healthz`, { mode: 'no-cors' })))
    return `${url} cannot be reached. Check the \`url\`. A Content-Security-Policy must allow the hub in connect-src.`
  if (!(await responds(`${url}healthz`, {})))
    return `${url} can be reached, but no hub responds. Check the \`url\` and the proxy in front of the hub.`
  if (!(await responds(`${url}client.js`, { method: 'HEAD' })))
    return `${url} does not allow this page (CORS). Add ${globalThis.location?.origin} to CARILLON_ORIGINS.`
  return `${url} can be reached. If the error persists, check the token function.`
}

/** Logs an error to the console, with advice. */
export const advise = async ({ code, message }: CarillonError, url: string): Promise<void> => {
  const advice = code === 'network' ? await diagnose(url) : (ADVICE[code] ?? '')
  console.error(`Carillon: ${message} (${code}). ${advice}`.trim())
}
