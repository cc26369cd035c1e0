import { z } from 'zod'
import { integer } from '../http/integer.ts'

/** Returns the schema of a page size. */
export const limit = (largest = 100, usual = Math.min(50, largest)) =>
  integer(1, largest).default(usual).describe('The maximum number of entries on the page')

/** The schema of a cursor in a query. A cursor belongs to one list with the same filters. */
export const cursor = z.string().optional().meta({
  description: 'The `next` of the previous page. Defaults to the beginning of the list',
  format: 'cursor',
})

/** Returns the query of a list that is read forwards. */
export const pageQuery = (largest = 100) => ({ limit: limit(largest), after: cursor })

/** Returns the schema of the cursor of the next page. `parameter`: the query parameter that takes it. */
export const next = (parameter: 'before' | 'after') =>
  z.string().nullable().describe(`The cursor of the next page, for \`${parameter}\`; null on the last page`)
