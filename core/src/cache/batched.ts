/** Returns a function that loads one value at a time. Values of one tenant that are asked for together are loaded together. */
export const batched = <Value>(
  load: (tenant: string, ids: readonly string[]) => Promise<Map<string, Value>>,
) => {
  const waiting = new Map<string, { ids: Set<string>; found: Promise<Map<string, Value>> }>()

  const begin = (tenant: string) => {
    const ids = new Set<string>()
    const found = Promise.resolve().then(() => {
      waiting.delete(tenant)
      return load(tenant, [...ids])
    })
    const batch = { ids, found }
    waiting.set(tenant, batch)
    return batch
  }

  return async (tenant: string, id: string): Promise<Value | undefined> => {
    const batch = waiting.get(tenant) ?? begin(tenant)
    batch.ids.add(id)
    return (await batch.found).get(id)
  }
}
