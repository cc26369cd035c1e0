import { hash } from 'node:crypto'

/**
 * Returns the key by which a push replaces earlier ones on a device, and by which the device removes it: a hash of the inbox
 * item, or `key` (of the delivery) if there is no item. 32 characters of base64url.
 */
export const pushKey = ({ item, key }: { item?: string | undefined; key: string }): string =>
  item === undefined ? key : hash('sha256', item, 'base64url').slice(0, 32)
