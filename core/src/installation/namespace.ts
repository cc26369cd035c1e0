import { randomInt } from 'node:crypto'
import { SetupError } from '../errors.ts'

/** What a namespace looks like: it is part of stream names, subjects, keys and channels. */
export const NAMESPACE = /^[a-z0-9]{1,16}$/

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const LENGTH = 8

/** A random namespace, which begins with a letter. Two installations that share servers hardly ever collide. */
export const newNamespace = (): string => {
  const alphabet = `${LETTERS}0123456789`
  const rest = Array.from({ length: LENGTH - 1 }, () => alphabet[randomInt(alphabet.length)])
  return [LETTERS[randomInt(LETTERS.length)], ...rest].join('')
}

/**
 * Throws SetupError if the data belongs to another installation than the one that is asked for. `wanted` is the
 * namespace from the settings or from the other data of this process; undefined accepts any.
 */
export const requireNamespace = (what: string, stored: string, wanted: string | undefined): void => {
  if (wanted !== undefined && wanted !== stored)
    throw new SetupError(
      `${what} belongs to the installation ${stored}, and this process is to run ${wanted}: unset CARILLON_NAMESPACE or set it to ${stored}, or use other data`,
    )
}
