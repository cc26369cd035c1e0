import type { Store } from '@carillon/core/store/port'

/** Returns a wrapper for a store, and the number of calls of the store by name. */
export const counted = () => {
  const calls = new Map<string, number>()
  const wrapTable = (table: string, methods: object): object =>
    new Proxy(methods, {
      get: (target, name) => {
        const method = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...given: unknown[]) => {
          const place = `${table}.${String(name)}`
          calls.set(place, (calls.get(place) ?? 0) + 1)
          return Reflect.apply(method, target, given)
        }
      },
    })
  const wrap = (store: Store): Store =>
    new Proxy(store, {
      get: (target, table) => {
        const part = Reflect.get(target, table)
        return typeof part === 'object' && part !== null ? wrapTable(String(table), part) : part
      },
    })
  return { calls, wrap }
}
