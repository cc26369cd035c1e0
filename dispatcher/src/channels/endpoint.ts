import type { Outcome, Outgoing, Tools } from '@carillon/core/delivery/provider'
import type { Http, HttpAnswer, HttpRequest } from '@carillon/core/http/port'
import { forRecipient, outcomeOfFailure } from './outcome.ts'

/** The URL that a message is posted to. `ofDevice`: the URL belongs to the user's device, not to the account. */
export type Endpoint = { url: string; ofDevice: boolean }

/** Returns the device's URL, or the account's if the message has no device. Throws `TypeError` if there is neither. */
export const endpointOf = (
  kind: 'webhook' | 'teams' | 'discord',
  { address }: Outgoing,
  accountUrl?: string,
): Endpoint => {
  if (address.kind === 'device' && address.device.kind === kind)
    return { url: address.device.url, ofDevice: true }
  if (accountUrl === undefined) throw new TypeError(`a ${kind} message has no URL`)
  return { url: accountUrl, ofDevice: false }
}

/** The outcome for a URL that no longer exists: the device is removed, or the account is misconfigured. */
export const endpointGone = ({ ofDevice }: Endpoint, detail: string): Outcome =>
  ofDevice
    ? { outcome: 'refused', reason: 'gone', detail, forget: 'device' }
    : { outcome: 'account', reason: 'gone', detail }

/**
 * Limits an outcome to its endpoint. An error of a device's own URL is never the account's fault, and a rate limit applies
 * to messages for the same URL only.
 */
export const forEndpoint = ({ ofDevice }: Endpoint, outcome: Outcome): Outcome =>
  ofDevice && outcome.outcome === 'account'
    ? { outcome: 'refused', reason: outcome.reason, detail: outcome.detail }
    : forRecipient(outcome)

/** Posts JSON and maps the response with `outcomeOf`, or the failure with `outcomeOfFailure`. A string is sent as it is. */
export const postJson = async (
  http: Http,
  { url, headers, body, signal }: Pick<HttpRequest, 'url' | 'headers' | 'signal'> & { body: unknown },
  outcomeOf: (answer: HttpAnswer) => Outcome,
): Promise<Outcome> => {
  let answer: HttpAnswer
  try {
    answer = await http.request({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Carillon', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    })
  } catch (error) {
    return outcomeOfFailure(error)
  }
  return outcomeOf(answer)
}

/** Rejects if an account's URL must not be requested or its host cannot be resolved. Sends nothing to the URL. */
export const checkEndpoint = async ({ http }: Tools, url: string | undefined): Promise<'unchecked'> => {
  if (url === undefined) return 'unchecked'
  const { hostname, port, protocol } = new URL(url)
  const refusal = http.refusal(url)
  if (refusal !== undefined) throw new Error(`the URL at "${hostname}" cannot be requested: ${refusal}`)
  await http.resolve(hostname, Number(port || (protocol === 'https:' ? 443 : 80)))
  return 'unchecked'
}
