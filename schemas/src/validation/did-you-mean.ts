import { distance } from 'fastest-levenshtein'

/** Folds case, hyphens, underscores and blanks. */
const folded = (word: string) => word.toLowerCase().replaceAll(/[-_\s]/g, '')

/** Longer words are not compared, because the cost is quadratic in the length. */
const WORD_MAX = 64

/** Returns the known word closest to a misspelled one, within an edit distance of a third of its length. */
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
