import { isDeepStrictEqual } from 'node:util'
import type { NotificationType } from '@carillon/schemas'
import type { Draft, NewType } from '../ports/types.ts'
import { revisionOf } from './revision.ts'

/** The content of a version with which a type was deleted. */
export const DELETED = ''

/** Serializes a version without its number. */
export const typeText = (type: NewType): string => JSON.stringify({ ...type, version: undefined })

/** Parses what `typeText` returned; undefined for a deletion. */
export const readType = (text: string, version: number): NotificationType | undefined =>
  text === DELETED ? undefined : { ...JSON.parse(text), version }

/** Reports whether a type equals a stored version. The order of fields does not matter. */
export const isSameType = (stored: string, type: NewType): boolean =>
  stored !== DELETED && isDeepStrictEqual(JSON.parse(stored), JSON.parse(typeText(type)))

export const readDraft = (text: string): Draft => ({ type: JSON.parse(text), revision: revisionOf(text) })
