/**
 * The push services of browsers, in the format of `pushOriginAllowed`. Carillon sends requests to a
 * subscription's endpoint, and a client could register any URL.
 */
export const PUSH_SERVICES: readonly string[] = [
  'fcm.googleapis.com', // Chrome, Edge on Android, Opera, Samsung Internet
  '*.push.services.mozilla.com', // Firefox
  '*.notify.windows.com', // Edge
  '*.push.apple.com', // Safari
]

/**
 * Reports whether an endpoint belongs to one of `origins`: a host (`fcm.googleapis.com`) or all hosts below
 * one (`*.push.apple.com`), over HTTPS on port 443; or a whole origin (`https://push.example:8443`).
 */
export const pushOriginAllowed = (endpoint: string, origins: readonly string[] = PUSH_SERVICES): boolean => {
  if (!URL.canParse(endpoint)) return false
  const { origin, hostname, protocol, port, username, password } = new URL(endpoint)
  if (username !== '' || password !== '') return false
  const usual = protocol === 'https:' && port === ''
  return origins.some((entry) => {
    if (entry.includes('://')) return entry === origin
    return usual && (entry.startsWith('*.') ? hostname.endsWith(entry.slice(1)) : hostname === entry)
  })
}
