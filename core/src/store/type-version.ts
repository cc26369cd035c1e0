import { isDeepStrictEqual } from 'node:util'
import type { StoredType } from '@carillon/schemas'
import type { NewType } from './ports/types.ts'

/** What is stored of a version of a type: everything but its number. */
export const typeText = (type: NewType): string => JSON.stringify({ ...type, version: undefined })

/** The reverse of `typeText`. */
export const readType = (text: string, version: number): StoredType => ({ ...JSON.parse(text), version })

/** Whether a type that is put is the same as a stored version, in whatever order its fields come. */
export const isSameType = (stored: string, type: NewType): boolean =>
  isDeepStrictEqual(JSON.parse(stored), JSON.parse(typeText(type)))
