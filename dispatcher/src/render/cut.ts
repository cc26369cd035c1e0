import { cutPoint } from '@carillon/schemas'

/**
 * The escaped text, or as much of its beginning as fits into `max` UTF-16 units with an ellipsis; neither a grapheme
 * cluster nor an escape is split. `escaped` must be as good for a single character as for the whole.
 */
export const cutEscaped = (text: string, max: number, escaped: (text: string) => string): string => {
  const whole = escaped(text)
  if (whole.length <= max) return whole
  const ends: number[] = [0]
  let kept = ''
  let end = 0
  for (const character of text) {
    const next = escaped(character)
    if (kept.length + next.length > max - 1) break
    kept += next
    end += character.length
    ends[end] = kept.length
  }
  return `${kept.slice(0, ends[cutPoint(text, end)])}…`
}
