/**
 * A provider for tests of the machinery: it answers as it is told and keeps what it was given.
 * @module
 */
import type { Address, Outcome, Outgoing, Provider, Providers } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'
import { z } from 'zod'

export type Script = (message: Outgoing, call: number) => Outcome | Promise<Outcome>

/** `say` changes what it answers from now on; `got` is what it was asked to send, the oldest first. */
export const scripted = (
  name: string,
  channels: Channel[],
  more: Partial<Pick<Provider, 'repeatable' | 'concurrency'>> & { needs?: Address['kind'] } = {},
) => {
  const got: Outgoing[] = []
  let script: Script = () => ({ outcome: 'sent', id: `${name}-${got.length}` })
  const provider: Provider<unknown> = {
    name,
    channels,
    config: z.unknown(),
    repeatable: more.repeatable ?? false,
    concurrency: more.concurrency ?? 8,
    needs: () => more.needs ?? 'email',
    open: () => ({
      send: async (message) => {
        got.push(message)
        return script(message, got.length)
      },
      verify: async () => {},
      close: async () => {},
    }),
  }
  return {
    provider,
    got,
    say: (next: Script) => {
      script = next
    },
  }
}

export const providersOf = (...given: { provider: Provider<unknown> }[]): Providers =>
  new Map(given.map(({ provider }) => [provider.name, provider]))
