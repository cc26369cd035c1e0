import { asError, isRefusal } from '../http/error.ts'
import { createRequest, type RequestParts } from '../http/request.ts'

/** The locale and the time zone of the user. */
export type Place = { locale: string; timezone: string }

/** Sends the locale and the time zone to the hub. Resolves with false if a later attempt may succeed. Never rejects. */
export const report = async (http: RequestParts, timeout: number, place: Place): Promise<boolean> => {
  try {
    await createRequest({ ...http, timeout })('PATCH', '/me', place)
    return true
  } catch (thrown) {
    const { code, temporary } = asError(thrown)
    return !temporary && !isRefusal(code)
  }
}
