const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The longest grapheme cluster that is not split, in UTF-16 units. The longest emoji has half that length. */
const CLUSTER_MAX = 64

const isAscii = (unit: number) => unit >= 0x20 && unit < 0x7f
const isTrail = (unit: number) => unit >= 0xdc00 && unit < 0xe000

/**
 * Returns the last index up to `max`, in UTF-16 units, at which a cut splits no grapheme cluster (an emoji, a
 * flag, a letter with its accents). A cluster of more than 64 units, which occurs in no script, is split
 * between code points.
 */
export const cutPoint = (text: string, max: number): number => {
  if (max >= text.length) return text.length
  if (max <= 0) return 0
  if (isAscii(text.charCodeAt(max - 1)) && isAscii(text.charCodeAt(max))) return max
  const cluster = graphemes.segment(text).containing(max)
  if (cluster && cluster.segment.length <= CLUSTER_MAX) return cluster.index
  return isTrail(text.charCodeAt(max)) ? max - 1 : max
}

/** Truncates a text to `max` UTF-16 units, with an ellipsis. Splits no grapheme cluster. */
export const cut = (text: string, max: number, ellipsis = '…'): string => {
  if (text.length <= max) return text
  if (max < ellipsis.length) return ''
  return text.slice(0, cutPoint(text, max - ellipsis.length)) + ellipsis
}
