import { ProblemError } from '@carillon/core/errors'
import type { LinkPolicy } from '@carillon/core/notification/links'
import type { Contexts, StoredContext } from '@carillon/core/store/ports/contexts'
import type { Cursors } from '../http/cursor.ts'
import { checkIfMatch, etag, hasChanged } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import { checkSettings } from './check-settings.ts'
import { deleteContext, getContext, listContexts, putContext } from './contexts-openapi.ts'

const outside = ({ key, settings }: StoredContext) => ({ key, ...settings })

/** Adds the routes of the tenant's contexts. */
export const contextRoutes = (
  routes: Routes,
  {
    contexts,
    cursors,
    insecureLinks,
  }: { contexts: Contexts; cursors: Cursors } & Pick<LinkPolicy, 'insecureLinks'>,
) => {
  const contextOf = async (tenant: string, key: string) => (await contexts.get(tenant, [key])).get(key)

  /** Returns the revision that a conditional write expects; undefined without a condition. */
  const expectedOf = async (tenant: string, key: string, match: string | undefined) => {
    if (match === undefined) return undefined
    const revision = (await contextOf(tenant, key))?.revision
    checkIfMatch(match, revision)
    return revision
  }

  routes.sender('contexts:read', getContext, async ({ c, params: { key } }, { tenant }) => {
    const context = await contextOf(tenant, key)
    if (!context) throw new ProblemError('not_found', 'there is no such context')
    return c.json(outside(context), 200, { etag: etag(context.revision) })
  })

  routes.sender('contexts:read', listContexts, async ({ c, query: { limit, after } }, { tenant }) => {
    const list = ['contexts', tenant]
    const from = after === undefined ? {} : { after: cursors.read(list, after) }
    const page = await contexts.list(tenant, { ...from, limit })
    const next = page.next === undefined ? null : cursors.make(list, page.next)
    return c.json({ contexts: page.contexts.map(outside), next })
  })

  routes.sender('contexts:write', putContext, async ({ c, params: { key }, body }, { tenant }) => {
    const settings = await body()
    checkSettings(settings, insecureLinks)
    const expected = await expectedOf(tenant, key, c.req.header('if-match'))
    const context = await contexts.put(tenant, key, settings, expected)
    if (!context) throw hasChanged()
    return c.json(outside(context), 200, { etag: etag(context.revision) })
  })

  routes.sender('contexts:write', deleteContext, async ({ c, params: { key } }, { tenant }) => {
    const expected = await expectedOf(tenant, key, c.req.header('if-match'))
    if (!(await contexts.remove(tenant, key, expected))) throw hasChanged()
    return c.body(null, 204)
  })
}
