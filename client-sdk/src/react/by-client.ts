import type { Client } from '../client/client.ts'

/** Returns a function that returns the map of a client. The map is released with the client. */
export const byClient = <Value>() => {
  const maps = new WeakMap<Client, Map<string, Value>>()
  return (client: Client): Map<string, Value> => {
    const map = maps.get(client) ?? new Map<string, Value>()
    maps.set(client, map)
    return map
  }
}
