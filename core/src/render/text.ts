import { cut } from '@carillon/schemas'
import type { Content } from '../delivery/provider.ts'

/** The link is omitted if fewer characters of text than this would remain. */
const TEXT_MIN = 40

const normalized = (text = ''): string =>
  text
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()

const parts = ({ title, body, url }: Content): { text: string; link: string } => {
  const text = [normalized(title), normalized(body)].filter((line) => line !== '').join('\n')
  return { text, link: url && !text.includes(url) ? url : '' }
}

const fit = ({ text, link }: ReturnType<typeof parts>, max: number, cutText: typeof cut): string => {
  const whole = [text, link].filter((line) => line !== '').join('\n')
  if (whole.length <= max) return whole
  const room = max - link.length - 1
  return link === '' || room < Math.min(TEXT_MIN, text.length)
    ? cutText(text, max)
    : `${cutText(text, room)}\n${link}`
}

/**
 * Renders title, body and link as plain text on separate lines, in at most `max` UTF-16 units. Long text is
 * truncated before the link, with an ellipsis. The link is never truncated: it is omitted if it leaves too
 * little room, or if the text already contains it. Returns an empty string if there is no content.
 */
export const plainText = (content: Content, { max }: { max: number }): string => fit(parts(content), max, cut)

/** The GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1) and its extension, whose characters count twice. */
const GSM = /^[@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/
const GSM_EXTENSION = /[\^{}\\[~\]|€]/g

/** The maximum number of segments, and the characters per segment (3GPP TS 23.040, 9.2.3.24.1). */
const SEGMENTS = 10
const GSM_SEGMENT = 153
const UCS2_SEGMENT = 67

/**
 * Truncates text without leaving the GSM alphabet, because a single other character more than halves the
 * number of characters that fit.
 */
const cutGsm = (text: string, max: number): string => cut(text, max, '...')

/**
 * Renders plain text for SMS, in at most ten segments and `max` UTF-16 units. Ten segments hold 1,530 characters of the GSM
 * alphabet, or 670 of any other.
 */
export const smsText = (content: Content, max: number): string => {
  const { text, link } = parts(content)
  if (!GSM.test(`${text}${link}`)) return fit({ text, link }, Math.min(max, SEGMENTS * UCS2_SEGMENT), cut)
  const doubled = `${text}${link}`.match(GSM_EXTENSION)?.length ?? 0
  // Extension characters that are cut off count too, so the result may be shorter than possible.
  const room = Math.max(SEGMENTS * UCS2_SEGMENT, SEGMENTS * GSM_SEGMENT - doubled)
  return fit({ text, link }, Math.min(max, room), cutGsm)
}
