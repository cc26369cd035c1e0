import { randomInt } from 'node:crypto'
import { SetupError } from '../errors.ts'

/** The format of a namespace, which is part of stream names, subjects, keys and channels. */
export const NAMESPACE = /^[a-z0-9]{1,16}$/

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const LENGTH = 8

/** Returns a random namespace that starts with a letter. Collisions are very unlikely. */
export const newNamespace = (): string => {
  const alphabet = `${LETTERS}0123456789`
  const rest = Array.from({ length: LENGTH - 1 }, () => alphabet[randomInt(alphabet.length)])
  return [LETTERS[randomInt(LETTERS.length)], ...rest].join('')
}

/**
 * Throws SetupError if the data belongs to another installation. `wanted` is the namespace from the settings, or from other
 * data of this process; undefined accepts any.
 */
export const requireNamespace = (what: string, stored: string, wanted: string | undefined): void => {
  if (wanted !== undefined && wanted !== stored)
    throw new SetupError(
      `${what} belongs to the installation ${stored}, and this process runs the installation ${wanted}: unset CARILLON_NAMESPACE or set it to ${stored}, or use other data`,
    )
}
