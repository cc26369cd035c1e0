import type { Verb } from '@carillon/core/items/operation-work'
import type { Position } from '@carillon/core/items/sequence'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Sender } from '@carillon/core/security/api-keys'
import {
  type ItemSelection,
  MarkItems,
  type OperationReceipt,
  RecallItems,
  ReplaceItems,
} from '@carillon/schemas'
import type { Context } from 'hono'
import type { z } from 'zod'
import type { Edge } from '../http/application.ts'
import type { Cursors } from '../http/cursor.ts'
import type { Routes } from '../http/routes.ts'
import type { Idempotent } from '../idempotency/idempotent.ts'
import type { ItemList } from '../items/list.ts'
import type { StartOperation } from '../items/start.ts'
import { listDeliveredItems, markItems, recallItems, replaceItems } from './items-openapi.ts'

/** Writes a position as text. Ids and pages have no line breaks. */
const textOf = ({ at, id, within }: Position): string =>
  [at, id, ...(within ? [within.page, within.skip] : [])].join('\n')

const readPosition = (text: string): Position => {
  const [at, id = '', page, skip] = text.split('\n')
  const within = page === undefined ? {} : { within: { page, skip: Number(skip) } }
  return { at: Number(at), id, ...within }
}

/** The items that a request names, and what to do with them. */
type Asked = { target: ItemSelection; verb: Verb }

const recallOf = (target: RecallItems): Asked => ({ target, verb: { kind: 'recall' } })
const markOf = ({ read, seen, archived, ...target }: MarkItems): Asked => ({
  target,
  verb: { kind: 'mark', marks: { read, seen, archived } },
})
const replaceOf = ({ data, content, unread, ring, ...target }: ReplaceItems): Asked => ({
  target,
  verb: { kind: 'replace', data, content, unread, ring },
})

export const itemRoutes = (
  routes: Routes,
  parts: {
    list: ItemList
    start: StartOperation
    idempotent: Idempotent
    cursors: Cursors
  },
) => {
  const { list, start, idempotent, cursors } = parts

  routes.sender('items:read', listDeliveredItems, async ({ c, query }, { tenant }) => {
    const { limit, before, ...selection } = query
    const { notification, entity, tag, user, context } = selection
    const name = ['items', tenant, notification, entity, tag, user, context]
    const position = before === undefined ? undefined : readPosition(cursors.read(name, before))
    const { items, next } = await list(tenant, selection, { position, limit })
    const body = { items, next: next ? cursors.make(name, textOf(next)) : null }
    return c.json(body, 200, { 'cache-control': 'no-store' })
  })

  const operate = async <Body>(
    c: Context<Edge>,
    sender: Sender,
    { route, schema, bytes }: { route: string; schema: z.ZodType<Body>; bytes: Uint8Array },
    askedOf: (body: Body) => Asked,
  ) => {
    const key = c.req.header('idempotency-key')
    const { body, replayed } = await idempotent({ sender, key, route, bytes }, async (id) => {
      const asked = askedOf(checked(schema, parseJson(bytes), 'body'))
      await start({ tenant: sender.tenant, id, ...asked })
      return { status: 202, body: { operation: id } satisfies OperationReceipt }
    })
    return c.json(body as OperationReceipt, 202, replayed ? { 'idempotency-replayed': 'true' } : undefined)
  }

  routes.sender('items:write', recallItems, async ({ c, bytes }, sender) =>
    operate(c, sender, { route: 'items/recall', schema: RecallItems, bytes: await bytes() }, recallOf),
  )
  routes.sender('items:write', markItems, async ({ c, bytes }, sender) =>
    operate(c, sender, { route: 'items/mark', schema: MarkItems, bytes: await bytes() }, markOf),
  )
  routes.sender('items:write', replaceItems, async ({ c, bytes }, sender) =>
    operate(c, sender, { route: 'items/replace', schema: ReplaceItems, bytes: await bytes() }, replaceOf),
  )
}
