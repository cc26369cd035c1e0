import { asError, isRefusal } from '../http/error.ts'
import { createRequest, type RequestParts } from '../http/request.ts'

/** The locale and the time zone of a device. */
export type Place = { locale: string; timezone: string }

/** Reports where the user is. Returns whether that is settled: stored, or not accepted by the hub. Never throws. */
export const report = async (http: RequestParts, timeout: number, place: Place): Promise<boolean> => {
  try {
    await createRequest({ ...http, timeout })('PATCH', '/me', place)
    return true
  } catch (thrown) {
    const { code, temporary } = asError(thrown)
    return !temporary && !isRefusal(code)
  }
}
