import { asError, isRefusal } from '../http/error.ts'
import { createRequest, type RequestParts } from '../http/request.ts'

/** The locale and the time zone of the user. */
export type UserLocale = { locale: string; timezone: string }

/** Sends the locale and the time zone to the hub. Resolves with false if a later attempt may succeed. Never rejects. */
export const sendLocale = async (http: RequestParts, timeout: number, user: UserLocale): Promise<boolean> => {
  try {
    await createRequest({ ...http, timeout })('PATCH', '/me', user)
    return true
  } catch (thrown) {
    const { code, temporary } = asError(thrown)
    return !temporary && !isRefusal(code)
  }
}
