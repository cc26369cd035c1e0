import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { HttpRequest } from './keep-alive.ts'
import { type Mark, notificationFor, userOf } from './payload.ts'
import type { Subscription } from './subscription.ts'
import { filling, type Template } from './template.ts'

const texts = z.record(z.string(), z.string())
const template: z.ZodType<Template> = z.union([z.string(), z.record(z.string(), z.unknown())])

const publishSchema = z.strictObject({
  url: z.string().regex(/^http:\/\//, 'must begin with http://, because the sender has no TLS'),
  method: z.enum(['POST', 'PUT']).default('POST'),
  headers: texts.default({}),
  body: template,
})

const rivalSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'must consist of a–z, 0–9 and -'),
  pid: z.int().positive().optional(),
  users: z.array(texts).min(1).optional(),
  publish: publishSchema,
  broadcast: publishSchema.optional(),
  receive: z.strictObject({
    url: z.string().regex(/^ws:\/\//, 'must begin with ws://, because the receivers have no TLS'),
    headers: texts.default({}),
    first: z.array(template).default([]),
    ready: z.string().optional(),
    replies: texts.default({}),
  }),
})

/** Another system that is measured with the same sender and receivers, described by a JSON file. */
export type Rival = {
  name: string
  /** The origin of its HTTP API. */
  url: string
  /** Its processes, by name. */
  processes: Record<string, number>
  /** The number of connections, one for each user: `most`, or fewer if the description lists fewer users. */
  connections(most: number): number
  subscription(user: number): Subscription
  /** Returns the request that publishes to the user with the number of the notification. */
  toUser(mark: Mark, users: number): HttpRequest
  /** Returns the request that publishes to everybody. Absent if the system cannot. */
  toAll?: (mark: Mark) => HttpRequest
}

const originOf = (url: string) => /^http:\/\/[^/?]+/.exec(url)?.[0] ?? url

const publishing = ({ url, method, headers, body }: z.output<typeof publishSchema>) => {
  const path = filling(url.slice(originOf(url).length) || '/', encodeURIComponent)
  const filled = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), filling(text)] as const)
  const content = filling(body)
  return (values: Record<string, string>): HttpRequest => ({
    method,
    path: path(values),
    headers: Object.fromEntries(filled.map(([name, header]) => [name, header(values)])),
    body: content(values),
  })
}

const dataOf = (mark: Mark, user: string) => JSON.stringify(notificationFor(mark, user))

/** Checks a description. Throws with the place of what is wrong in it. */
export const describedRival = (description: unknown): Rival => {
  const parsed = rivalSchema.safeParse(description)
  if (!parsed.success) throw new Error(`the description is invalid:\n${z.prettifyError(parsed.error)}`)
  const { name, pid, users, publish, broadcast, receive } = parsed.data
  const valuesOf = (index: number) => ({ ...users?.[index], user: userOf(index) })
  const one = publishing(publish)
  const all = broadcast && publishing(broadcast)
  const url = filling(receive.url, encodeURIComponent)
  const headers = Object.entries(receive.headers).map(([header, text]) => [header, filling(text)] as const)
  const first = receive.first.map((each) => filling(each))
  const rival: Rival = {
    name,
    url: originOf(publish.url),
    processes: pid === undefined ? {} : { [name]: pid },
    connections: (most) => Math.min(most, users?.length ?? most),
    subscription: (user) => {
      const values = valuesOf(user)
      return {
        url: url(values),
        headers: Object.fromEntries(headers.map(([header, text]) => [header, text(values)])),
        first: first.map((text) => text(values)),
        replies: receive.replies,
        ...(receive.ready !== undefined && { ready: receive.ready }),
      }
    },
    toUser: (mark, count) => {
      const values = valuesOf(mark.n % count)
      return one({ ...values, data: dataOf(mark, values.user) })
    },
    ...(all && { toAll: (mark: Mark) => all({ data: dataOf(mark, 'everyone') }) }),
  }
  const trial: Mark = { run: 0, n: 0, at: 0 }
  rival.subscription(0)
  rival.toUser(trial, 1)
  rival.toAll?.(trial)
  return rival
}

/** Reads a description from a JSON file. */
export const readRival = (file: string): Rival => {
  try {
    return describedRival(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
