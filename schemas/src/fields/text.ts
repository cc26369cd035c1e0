import { z } from 'zod'
import { LONE_SURROGATE } from './json.ts'

/** Vertical tab, form feed and next line: mandatory line breaks (UAX #14). */
const LINE_BREAKS = /[\v\f\u0085]/g
const CONTROLS = /[^\P{Cc}\t\n\r]/gu
/**
 * Characters that are removed: soft hyphen, zero-width space, bidi embeddings, overrides and isolates, word
 * joiner and other invisible operators, byte order mark, interlinear annotation, Hangul fillers, and tags.
 * The flags of England, Scotland and Wales are matched first and kept, because they are the only valid use of
 * tags.
 */
const INVISIBLE =
  /(\u{1f3f4}\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073})\u{e007f})|[\u00ad\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu
/** Variation selectors and joiners. Only one selector followed by one joiner has a meaning. */
const COMBINERS =
  /(\p{Variation_Selector}\p{Join_Control}?|\p{Join_Control})[\p{Variation_Selector}\p{Join_Control}]*/gu
/** Outside emoji and non-ASCII scripts, joiners only make different words look the same. */
const STRAY_JOINERS = /(?<=^|\p{ASCII})\p{Join_Control}/gu

/** The fast path: almost no text contains any of the above. */
const SUSPECT =
  /[^\P{Cc}\t\n\r]|[\p{Variation_Selector}\p{Join_Control}]|[\u00ad\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

/**
 * Cleans text for display. Lone surrogates (as in WebIDL's USVString) and control characters, except tab and
 * line breaks, become U+FFFD. Invisible characters that can make a text look like another are removed.
 * Joiners and variation selectors inside emoji and scripts are kept, and so are the direction marks LRM, RLM
 * and ALM. Idempotent; linear in the length of the text.
 */
export const cleanText = (text: string): string => {
  const whole = text.toWellFormed()
  if (!SUSPECT.test(whole)) return whole
  return whole
    .replaceAll(LINE_BREAKS, '\n')
    .replaceAll(CONTROLS, '\ufffd')
    .replaceAll(INVISIBLE, '$1')
    .replaceAll(COMBINERS, '$1')
    .replaceAll(STRAY_JOINERS, '')
}

/**
 * Reports whether a text has more than `max` characters (Unicode code points), which is what JSON Schema's
 * `maxLength` counts.
 */
const isLonger = (text: string, max: number): boolean => {
  if (text.length <= max) return false
  if (text.length > 2 * max) return true
  let count = 0
  for (const _ of text) count++
  return count > max
}

/** `exact`: whether a lone surrogate is refused instead of replaced. */
type TextRules = { exact?: boolean }

/** Display text: cleaned, with at most `max` characters (Unicode code points). */
export const text = (max: number, { exact = false }: TextRules = {}) =>
  (exact ? z.string().refine((value) => value.isWellFormed(), LONE_SURROGATE) : z.string())
    .overwrite(cleanText)
    .check((payload) => {
      if (isLonger(payload.value, max))
        payload.issues.push({
          code: 'too_big',
          origin: 'string',
          maximum: max,
          inclusive: true,
          input: payload.value,
        })
    })
    .meta({ maxLength: max })

/** Matches a text with a character that `cleanText` keeps. */
const VISIBLE = '[^\\u00ad\\u200b-\\u200d\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb]'

/** Display text that is not empty after cleaning. */
export const nonEmptyText = (max: number, rules?: TextRules) =>
  text(max, rules).min(1).meta({ maxLength: max, pattern: VISIBLE })
