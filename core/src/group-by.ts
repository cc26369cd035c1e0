/** Groups items by key. Groups and items keep their order. */
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

/** Splits an array into chunks of at most `size`. */
export const slices = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )

/** Groups items by key and splits each group into chunks of at most `size`, for `IN ?`. */
export const groupedSlices = <T, K>(items: readonly T[], key: (item: T) => K, size: number): [K, T[]][] =>
  [...grouped(items, key)].flatMap(([at, group]) => slices(group, size).map((some): [K, T[]] => [at, some]))

/** Splits an array into chunks whose sizes add up to at most `most`. A larger item is a chunk of its own. */
export const slicesBySize = <T>(items: readonly T[], sizeOf: (item: T) => number, most: number): T[][] => {
  const parts: T[][] = []
  let room = 0
  for (const item of items) {
    const size = sizeOf(item)
    if (parts.length === 0 || size > room) {
      parts.push([])
      room = most
    }
    parts.at(-1)!.push(item)
    room -= size
  }
  return parts
}
