import { readLink, type Warning } from '@carillon/schemas'
import type { Place } from './check-template.ts'

const STARTS = ['/', 'http://', 'https://', 'mailto:', 'tel:']
const TAG = /\{[{%]/

/** Reports whether a link can start with this text. */
const mayStart = (text: string): boolean => {
  const start = text.trimStart().toLowerCase()
  return STARTS.some((each) => start.startsWith(each) || each.startsWith(start))
}

/** Returns why the literal text of a template is not a link, whatever the data; undefined if it may be one. */
const faultOf = (source: string): string | undefined => {
  const tag = source.search(TAG)
  if (tag !== -1 && mayStart(source.slice(0, tag))) return undefined
  const read = readLink(tag === -1 ? source : source.slice(0, tag))
  return 'fault' in read ? read.fault : undefined
}

/** Warns of a URL that is not a link, whatever the data, such as `orders/{{ data.id }}`. Items are then stored without it. */
export const linkWarnings = ({ path, source, medium }: Place): Warning[] => {
  const fault = medium === 'url' && source.trim() !== '' ? faultOf(source) : undefined
  if (fault === undefined) return []
  const pointer = path.map((key) => `/${key}`).join('')
  return [{ code: 'not_a_link', pointer, message: `${fault}; it is omitted from every message` }]
}
