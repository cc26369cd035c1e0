import { hash } from 'node:crypto'

/**
 * Returns the key under which a push replaces earlier ones on the device, and under which the device removes it. It belongs to
 * the inbox item, or to the delivery (`key`) if there is none. 32 characters of base64url.
 */
export const pushKey = ({ item, key }: { item?: string | undefined; key: string }): string =>
  item === undefined ? key : hash('sha256', item, 'base64url').slice(0, 32)
