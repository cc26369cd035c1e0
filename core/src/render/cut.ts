import { cutPoint } from '@carillon/schemas'

/**
 * Escapes text and truncates it to at most `max` UTF-16 units, with an ellipsis. Neither a grapheme cluster
 * nor an escape sequence is split. `escapeText` must give the same result for a text as for its characters
 * one by one.
 */
export const cutEscaped = (text: string, max: number, escapeText: (text: string) => string): string => {
  const whole = escapeText(text)
  if (whole.length <= max) return whole
  const ends: number[] = [0]
  let kept = ''
  let end = 0
  for (const character of text) {
    const next = escapeText(character)
    if (kept.length + next.length > max - 1) break
    kept += next
    end += character.length
    ends[end] = kept.length
  }
  return `${kept.slice(0, ends[cutPoint(text, end)])}…`
}
