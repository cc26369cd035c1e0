import type { Request } from '../http/request.ts'
import type { LiveMessage } from '../inbox/state.ts'

/** Limits requests to one context, unless it is undefined. The code for that is loaded with the first request. */
export const requestIn = (request: Request, context: string | undefined): Request =>
  context === undefined
    ? request
    : async <T>(method: string, path: string, body?: unknown) => {
        const { inContext } = await import('../http/in-context.ts')
        return inContext(request, context)<T>(method, path, body)
      }

/** Reports whether a live message is about an item of another context. */
export const isElsewhere = (context: string | undefined, { message }: LiveMessage): boolean =>
  context !== undefined && 'item' in message && !!message.item && (message.item.context ?? '') !== context
