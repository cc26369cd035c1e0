import { isDeepStrictEqual } from 'node:util'
import type { NotificationType } from '@carillon/schemas'
import type { NewType } from '../ports/types.ts'

/** Serializes a version without its number. */
export const typeText = (type: NewType): string => JSON.stringify({ ...type, version: undefined })

/** Parses what `typeText` returned. */
export const readType = (text: string, version: number): NotificationType => ({
  ...JSON.parse(text),
  version,
})

/** Reports whether a type equals a stored version. The order of fields does not matter. */
export const isSameType = (stored: string, type: NewType): boolean =>
  isDeepStrictEqual(JSON.parse(stored), JSON.parse(typeText(type)))
