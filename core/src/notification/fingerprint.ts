import { hash } from 'node:crypto'
import type { Notification, Priority } from '@carillon/schemas'

/** Serializes JSON with the keys of objects in code unit order, without those that are undefined. */
const canonical = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  let members = ''
  if (Array.isArray(value)) {
    for (const each of value) members += `${canonical(each)},`
    return `[${members}]`
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object).sort())
    if (object[key] !== undefined) members += `${JSON.stringify(key)}:${canonical(object[key])},`
  return `{${members}}`
}

/**
 * The SHA-256 of a validated notification, base64url. Equal for equal content, whether it came over HTTP or NATS: the
 * type and the priority that apply count, the id and what the transport adds (`sender`) do not. Stored with every
 * notification and compared when an id comes again, so it must not change for content that was accepted before.
 */
export const fingerprintOf = ({
  id: _id,
  sender: _sender,
  ...content
}: Notification & { priority: Priority }): string => hash('sha256', canonical(content), 'base64url')
