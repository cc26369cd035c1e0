import { createActionsApi } from '../http/actions-api.ts'
import type { CarillonError } from '../http/error.ts'
import type { Request } from '../http/request.ts'
import type { View } from '../inbox/optimistic-view.ts'
import { overlay } from '../inbox/pending.ts'
import type { State } from '../inbox/state.ts'
import type { Readable, Store } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import type { Timing } from '../timing/delays.ts'
import { createActions } from './actions.ts'
import { createOutbox } from './outbox.ts'

/** The parts of the client that the actions use. */
export type SendingParts = {
  request: Request
  view: Readable<View>
  state: Store<State>
  clock: Clock
  timing: Timing
  fail: (error: CarillonError) => void
  /** Aborted when the client is closed. */
  signal: AbortSignal
}

/** Creates the actions of the user, and the outbox that sends them. The client loads this code when it is first needed. */
export const createSending = ({ request, view, state, clock, timing, fail, signal }: SendingParts) => {
  const outbox = createOutbox(state, fail, { timing, clock }, signal)
  return { overlay, outbox, actions: createActions(createActionsApi(request), view, clock, outbox) }
}
export type Sending = ReturnType<typeof createSending>
