/** The text, or as much of its beginning as fits into `max` UTF-16 units with an ellipsis; no character is split. */
export const cut = (text: string, max: number): string => {
  if (text.length <= max) return text
  if (max < 1) return ''
  const end = text.codePointAt(max - 2) ?? 0
  return `${text.slice(0, end > 0xffff ? max - 2 : max - 1)}…`
}

/**
 * The escaped text, or as much of its beginning as fits into `max` UTF-16 units with an ellipsis; neither a character
 * nor an escape of one is split. `escaped` must be as good for a single character as for the whole.
 */
export const cutEscaped = (text: string, max: number, escaped: (text: string) => string): string => {
  const whole = escaped(text)
  if (whole.length <= max) return whole
  let kept = ''
  for (const character of text) {
    const next = escaped(character)
    if (kept.length + next.length > max - 1) break
    kept += next
  }
  return `${kept}…`
}
