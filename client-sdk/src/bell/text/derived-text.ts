import type { Text } from './text.ts'

/** Caches further texts of a bell. They are created again when the texts of the bell change. */
export const derivedText = <Key extends string>(
  text: () => Text,
  create: () => Text<Key>,
): (() => Text<Key>) => {
  let base: Text | undefined
  let derived: Text<Key>
  return () => {
    if (base !== text()) derived = create()
    base = text()
    return derived
  }
}
