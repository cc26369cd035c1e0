import type { Client } from '../client/client.ts'

/** Returns a function that keeps a map for each client, as long as the client exists. */
export const byClient = <Value>() => {
  const maps = new WeakMap<Client, Map<string, Value>>()
  return (client: Client): Map<string, Value> => {
    const map = maps.get(client) ?? new Map<string, Value>()
    maps.set(client, map)
    return map
  }
}
