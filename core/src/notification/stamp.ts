import type { Headers } from '../stream/headers.ts'

const NAME = 'carillon-id'
const MADE = 'made'

/**
 * Marks a message whose notification id a hub has made, so that dispatchers need not ask whether it was used before.
 * Anybody who may publish for a tenant can say so: then that tenant's ids are not checked for other content.
 */
export const MADE_ID: Headers = new Map([[NAME, MADE]])

export const hasMadeId = (headers: Headers | undefined): boolean => headers?.get(NAME) === MADE
