/** Returns up to two initials of a name, as whole graphemes: of its first and its last word. */
export const initials = (name: string): string => {
  const words = name.trim().split(/\s+/)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  const segmenter = new Intl.Segmenter()
  return ends
    .map((word = '') => segmenter.segment(word)[Symbol.iterator]().next().value?.segment ?? '')
    .join('')
    .toLocaleUpperCase()
}
