import type { Mark } from './rows.ts'

/** Returns the key under which a mark is stored. Marks with the same kind, time and filter have the same key. */
export const markKey = ({ kind, at, category, tag, context, group, type, status }: Mark): string =>
  JSON.stringify([
    ...[kind, at, category ?? null, tag ?? null, context ?? null],
    ...(group === undefined ? [] : [group, type ?? null]),
    ...(status === undefined ? [] : [status]),
  ])
