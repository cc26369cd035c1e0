import { asError } from '../http/error.ts'
import type { Actions } from './actions.ts'
import type { Sending, SendingParts } from './sending.ts'

const VERBS = [
  ...['read', 'unread', 'archive', 'unarchive', 'snooze', 'remove', 'act', 'clicked', 'seen'],
  ...['readAll', 'seenAll', 'archiveAll'],
] as (keyof Actions)[]

/** Returns actions whose code is loaded by `prepare` or the first action. Actions wait until it is loaded. */
export const lazyActions = (parts: SendingParts) => {
  let sending: Sending | undefined
  let loading: Promise<Sending> | undefined

  const get = async (): Promise<Sending> => {
    for (;;)
      try {
        const { createSending } = await import('./sending.ts')
        sending = createSending(parts)
        return sending
      } catch (error) {
        if (parts.signal.aborted) throw asError(error)
        await new Promise((resolve) => setTimeout(resolve, parts.timing.retry))
      }
  }
  const start = () => {
    loading ??= get()
    return loading
  }

  const entries = VERBS.map((verb) => [
    verb,
    (...args: never[]) => {
      const run = ({ actions }: Sending) => (actions[verb] as (...args: never[]) => Promise<unknown>)(...args)
      return sending ? run(sending) : start().then(run)
    },
  ])
  return {
    actions: Object.fromEntries(entries) as Actions,
    prepare() {
      // Rejects only once the client is closed. An action then rejects with the error.
      start().catch(() => {})
    },
    overlay: () => sending?.overlay,
    /** Retries the current action now. */
    retry: () => sending?.outbox.retry(),
    /** Sends all pending actions, because the page may close. */
    flush: () => sending?.outbox.flush(),
  }
}
