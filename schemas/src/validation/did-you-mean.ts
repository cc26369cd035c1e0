import { distance } from 'fastest-levenshtein'

/** Spellings that differ in nothing a reader would notice: case, hyphens, underscores. */
const folded = (word: string) => word.toLowerCase().replaceAll(/[-_\s]/g, '')

/** Longer words are not compared: the work grows with the product of both lengths. */
const WORD_MAX = 64

/** The known word closest to a misspelt one, at a distance of at most a third of its length; undefined if none is. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > WORD_MAX) return undefined
  const given = folded(word)
  let best: { word: string; at: number } | undefined
  for (const each of known) {
    const at = distance(given, folded(each))
    if (
      at <= Math.ceil(Math.max(given.length, each.length) / 3) &&
      at < (best?.at ?? Number.POSITIVE_INFINITY)
    )
      best = { word: each, at }
  }
  return best?.word
}
