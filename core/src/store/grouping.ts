/** Groups items by a key, in the order they come. */
export const grouped = <T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> => {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const at = key(item)
    const group = groups.get(at)
    if (group) group.push(item)
    else groups.set(at, [item])
  }
  return groups
}

/** Cuts an array into pieces of at most `size`. */
export const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )

/** What lies in one partition each, at most `size` together: pieces for `IN ?`. */
export const groupedSlices = <T, K>(items: readonly T[], key: (item: T) => K, size: number): [K, T[]][] =>
  [...grouped(items, key)].flatMap(([at, group]) => slices(group, size).map((some): [K, T[]] => [at, some]))
