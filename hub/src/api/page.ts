import { z } from 'zod'

/** The query of a list that goes forward: how many at a time, and from where on. */
export const pageQuery = (largest = 100) => ({
  limit: z.coerce.number().int().min(1).max(largest).default(Math.min(50, largest)),
  after: z.string().optional().describe('The `next` of the page before'),
})

/** What stands beside the entries of a page. */
export const Next = z.string().nullable().describe('Pass as `after` for the next page; null on the last')
