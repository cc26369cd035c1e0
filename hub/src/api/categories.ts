import { ProblemError } from '@carillon/core/errors'
import type { Categories } from '@carillon/core/store/ports/categories'
import type { Routes } from '../http/routes.ts'
import { deleteCategory, getCategory, listCategories, putCategory } from './categories-openapi.ts'

/** Maximum categories per tenant. */
const CATEGORIES_MAX = 200

/** Adds the routes of categories. */
export const categoryRoutes = (routes: Routes, { categories }: { categories: Categories }) => {
  routes.sender('types:write', putCategory, async ({ c, params: { key }, body }, { tenant }) => {
    const category = { ...(await body()), key }
    const all = await categories.list(tenant)
    if (all.length >= CATEGORIES_MAX && !all.some((each) => each.key === key))
      throw new ProblemError('invalid_request', `a tenant has at most ${CATEGORIES_MAX} categories`)
    await categories.put(tenant, category)
    return c.json(category)
  })

  routes.sender('types:read', getCategory, async ({ c, params: { key } }, { tenant }) => {
    const category = await categories.get(tenant, key)
    if (!category) throw new ProblemError('not_found', 'there is no such category')
    return c.json(category)
  })

  routes.sender('types:read', listCategories, async ({ c }, { tenant }) =>
    c.json({ categories: await categories.list(tenant) }),
  )

  routes.sender('types:write', deleteCategory, async ({ c, params: { key } }, { tenant }) => {
    await categories.remove(tenant, key)
    return c.body(null, 204)
  })
}
