/**
 * Push services of browsers, as `pushOriginAllowed` reads them. A subscription's endpoint is requested by Carillon,
 * and whoever registers it could name any place on the internet.
 */
export const PUSH_SERVICES: readonly string[] = [
  'fcm.googleapis.com', // Chrome, Edge on Android, Opera, Samsung Internet
  '*.push.services.mozilla.com', // Firefox
  '*.notify.windows.com', // Edge
  '*.push.apple.com', // Safari
]

/**
 * Whether an endpoint belongs to one of `origins`: a host (`fcm.googleapis.com`), all hosts below one
 * (`*.push.apple.com`), both of them HTTPS on its own port, or a whole origin (`https://push.example:8443`).
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
