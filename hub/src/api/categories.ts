import { ProblemError } from '@carillon/core/errors'
import type { Categories } from '@carillon/core/store/ports/categories'
import { settingsRevision } from '@carillon/core/store/rules/revision'
import type { CategoryDefinition } from '@carillon/schemas'
import { checkIfMatch, etag, hasChanged } from '../http/if-match.ts'
import type { Routes } from '../http/routes.ts'
import { deleteCategory, getCategory, listCategories, putCategory } from './categories-openapi.ts'

/** Maximum categories per tenant. */
const CATEGORIES_MAX = 200

const tagOf = (category: CategoryDefinition) => etag(settingsRevision(category))

/** Returns the revision that a conditional write expects; undefined without a condition. */
const expectedOf = (current: CategoryDefinition | undefined, match: string | undefined) => {
  const revision = current && settingsRevision(current)
  return checkIfMatch(match, revision) ? revision : undefined
}

/** Adds the routes of categories. */
export const categoryRoutes = (routes: Routes, { categories }: { categories: Categories }) => {
  routes.sender('types:write', putCategory, async ({ c, params: { key }, body }, { tenant }) => {
    const category = { ...(await body()), key }
    const all = await categories.list(tenant)
    if (all.length >= CATEGORIES_MAX && !all.some((each) => each.key === key))
      throw new ProblemError('quota_exceeded', `a tenant has at most ${CATEGORIES_MAX} categories`)
    const expected = expectedOf(
      all.find((each) => each.key === key),
      c.req.header('if-match'),
    )
    if (!(await categories.put(tenant, category, expected))) throw hasChanged()
    return c.json(category, 200, { etag: tagOf(category) })
  })

  routes.sender('types:read', getCategory, async ({ c, params: { key } }, { tenant }) => {
    const category = await categories.get(tenant, key)
    if (!category) throw new ProblemError('not_found', 'there is no such category')
    return c.json(category, 200, { etag: tagOf(category) })
  })

  routes.sender('types:read', listCategories, async ({ c }, { tenant }) =>
    c.json({ categories: await categories.list(tenant) }),
  )

  routes.sender('types:write', deleteCategory, async ({ c, params: { key } }, { tenant }) => {
    const match = c.req.header('if-match')
    const expected = match === undefined ? undefined : expectedOf(await categories.get(tenant, key), match)
    if (!(await categories.remove(tenant, key, expected))) throw hasChanged()
    return c.body(null, 204)
  })
}
