import type * as core from '@carillon/core/delivery/destinations'
import type { OpenAccount } from './accounts.ts'

/** An open account that can send to a destination, and the address it sends to. */
export type Candidate = core.Candidate<OpenAccount>

/** One destination through which a channel reaches a user. */
export type Destination = core.Destination<OpenAccount>
