import type { RequestParts } from '../http/request.ts'
import { storage } from '../store/storage.ts'

/**
 * Returns a function that reports the locale and the time zone of the user once, if they differ from those that this browser
 * reported last. `name` identifies the inbox. Does nothing outside browsers, because a server does not have the locale of its
 * users.
 */
export const createLocaleReport = (http: RequestParts, timeout: number) => {
  let done = false
  return async (name = ''): Promise<void> => {
    const { document, navigator } = globalThis
    if (done || !document || !navigator?.language) return
    done = true
    const user = {
      locale: navigator.language,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }
    const [key, value] = [`${name}-me`, JSON.stringify(user)]
    if (name && storage()?.getItem(key) === value) return
    try {
      const { sendLocale } = await import('./send-locale.ts')
      if ((await sendLocale(http, timeout, user)) && name) storage()?.setItem(key, value)
    } catch {
      // The code cannot be loaded, or the storage is full. The next start reports again.
    }
  }
}
