import { hash } from 'node:crypto'
import type { Notification, Priority } from '@carillon/schemas'

/** Serializes JSON with sorted keys (code unit order), without undefined values. */
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
 * Returns the SHA-256 of a validated notification, base64url. It is equal for equal content over HTTP and NATS. It
 * covers the applied type and priority, but not the id and `sender`. It is stored with every notification and compared when an id is
 * reused, so it must not change between versions.
 */
export const fingerprintOf = ({
  id: _id,
  sender: _sender,
  ...content
}: Notification & { priority: Priority }): string => hash('sha256', canonical(content), 'base64url')
