import type {
  Http,
  HttpAnswer,
  HttpRequest,
  Outcome,
  Outgoing,
  Tools,
} from '@carillon/core/delivery/provider'
import { WebUrl } from '@carillon/schemas'
import { forRecipient, outcomeOfFailure } from './outcome.ts'

/** The URL of a webhook in a config. Whether it may be requested at all is for `Http.refusal` to say. */
export const endpointUrl = (what: string) => WebUrl.describe(what)

/** Where a message goes: to the device's own URL, or else the account's. */
export type Endpoint = { url: string; ofDevice: boolean }

/** Throws when there is neither: whoever picked the account has made a mistake. */
export const endpointOf = (
  kind: 'webhook' | 'teams' | 'discord',
  { address }: Outgoing,
  own?: string,
): Endpoint => {
  if (address.kind === 'device' && address.device.kind === kind)
    return { url: address.device.url, ofDevice: true }
  if (own === undefined) throw new TypeError(`a message for ${kind} has nowhere to go`)
  return { url: own, ofDevice: false }
}

/** A URL that leads nowhere any more: the device is to be forgotten, or the account is at fault. */
export const gone = ({ ofDevice }: Endpoint, detail: string): Outcome =>
  ofDevice
    ? { outcome: 'refused', reason: 'gone', detail, forget: 'device' }
    : { outcome: 'account', reason: 'gone', detail }

/** What a device's own URL does is never the account's fault, and a URL limits the rate of its own messages alone. */
export const atEndpoint = ({ ofDevice }: Endpoint, outcome: Outcome): Outcome =>
  ofDevice && outcome.outcome === 'account'
    ? { outcome: 'refused', reason: outcome.reason, detail: outcome.detail }
    : forRecipient(outcome)

/** A POST of JSON, and what its answer, or the lack of one, means. */
export const postJson = async (
  http: Http,
  { url, headers, body, signal }: Pick<HttpRequest, 'url' | 'headers' | 'signal'> & { body: unknown },
  read: (answer: HttpAnswer) => Outcome,
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
  return read(answer)
}

/** Rejects when an account's URL may not be requested, or its host has no address; sends nothing. */
export const checkEndpoint = async ({ http }: Tools, url: string | undefined): Promise<void> => {
  if (url === undefined) return
  const { hostname, port, protocol } = new URL(url)
  const refusal = http.refusal(url)
  if (refusal !== undefined) throw new Error(`the URL at "${hostname}" cannot be requested: ${refusal}`)
  await http.resolve(hostname, Number(port || (protocol === 'https:' ? 443 : 80)))
}

/** For what there is nothing to read in. */
export const EMPTY: Outcome = { outcome: 'refused', reason: 'empty', detail: 'there is no text to send' }
