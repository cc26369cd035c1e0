import type { Actions } from './actions.ts'
import type { Sending, SendingParts } from './sending.ts'

const VERBS = [
  ...['read', 'unread', 'archive', 'unarchive', 'snooze', 'remove', 'act', 'clicked', 'seen'],
  ...['readAll', 'seenAll', 'archiveAll'],
] as (keyof Actions)[]

/** Input after which an action may follow. */
const INPUTS = ['pointermove', 'pointerdown', 'keydown']

/**
 * Returns actions whose code is loaded at the first input of the user or with the first action; outside a browser, at once. An
 * action waits until it is loaded.
 */
export const lazyActions = (parts: SendingParts) => {
  let sending: Sending | undefined
  let loading: Promise<Sending> | undefined

  const get = async (): Promise<Sending> => {
    for (;;)
      try {
        const { createSending } = await import('./sending.ts')
        sending = createSending(parts)
        return sending
      } catch {
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
      const run = ({ actions }: Sending) => (actions[verb] as (...args: never[]) => Promise<void>)(...args)
      return sending ? run(sending) : start().then(run)
    },
  ])
  return {
    actions: Object.fromEntries(entries) as Actions,
    loaded: () => sending,
    /** Retries the current action now. */
    hurry: () => sending?.outbox.hurry(),
    /** Prepares for actions. */
    expect() {
      if (!globalThis.document) void start()
      for (const event of INPUTS)
        globalThis.addEventListener?.(event, () => void start(), {
          ...{ once: true, passive: true, signal: parts.signal },
        })
    },
  }
}
