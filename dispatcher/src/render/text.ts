import type { Content } from '@carillon/core/delivery/provider'
import { cut } from '@carillon/schemas'

/** A link is given up rather than leaving less than this of what it is about. */
const ABOUT_MIN = 40

const tidy = (text = ''): string =>
  text
    .replaceAll(/\r\n?|[\u2028\u2029]/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()

const parts = ({ title, body, url }: Content): { about: string; link: string } => {
  const about = [tidy(title), tidy(body)].filter((line) => line !== '').join('\n')
  return { about, link: url && !about.includes(url) ? url : '' }
}

const fitted = ({ about, link }: ReturnType<typeof parts>, max: number, cutTo: typeof cut): string => {
  const whole = [about, link].filter((line) => line !== '').join('\n')
  if (whole.length <= max) return whole
  const room = max - link.length - 1
  return link === '' || room < Math.min(ABOUT_MIN, about.length)
    ? cutTo(about, max)
    : `${cutTo(about, room)}\n${link}`
}

/**
 * Title, body and link as plain text, each from a line of its own, in at most `max` UTF-16 units. What is too long is
 * cut before the link, with an ellipsis; the link is whole, or left out where it leaves no room. A link that the text
 * already holds is not repeated. Empty when there is nothing to say.
 */
export const plainText = (content: Content, { max }: { max: number }): string =>
  fitted(parts(content), max, cut)

/** The characters of the GSM 7-bit default alphabet (3GPP TS 23.038, 6.2.1), and of its extension, which take two. */
const GSM = /^[@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/
const GSM_EXTENSION = /[\^{}\\[~\]|€]/g

/** A message of several segments holds so much in each (3GPP TS 23.040, 9.2.3.24.1), and this many are enough. */
const SEGMENTS = 10
const GSM_SEGMENT = 153
const UCS2_SEGMENT = 67

/** A text of the GSM alphabet stays one when it is cut: one other character would more than halve what fits. */
const cutGsm = (text: string, max: number): string => cut(text, max, '...')

/** As `plainText`, in at most ten segments of SMS and `max` UTF-16 units: 1,530 of the GSM alphabet, else 670. */
export const smsText = (content: Content, max: number): string => {
  const { about, link } = parts(content)
  if (!GSM.test(`${about}${link}`))
    return fitted({ about, link }, Math.min(max, SEGMENTS * UCS2_SEGMENT), cut)
  const doubled = `${about}${link}`.match(GSM_EXTENSION)?.length ?? 0
  // Counting what is cut off as well errs on the short side.
  const room = Math.max(SEGMENTS * UCS2_SEGMENT, SEGMENTS * GSM_SEGMENT - doubled)
  return fitted({ about, link }, Math.min(max, room), cutGsm)
}
