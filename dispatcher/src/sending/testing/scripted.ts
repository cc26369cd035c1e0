/**
 * A provider with scripted answers for tests. It records the messages.
 * @module
 */
import type { Address, Outcome, Outgoing, Provider, Providers } from '@carillon/core/delivery/provider'
import type { Channel } from '@carillon/schemas'
import { z } from 'zod'

export type Script = (message: Outgoing, call: number) => Outcome | Promise<Outcome>

/** `say` changes the answers from now on; `got` is the list of messages, oldest first. */
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
