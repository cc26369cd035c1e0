/**
 * Matches a number with an exponent, or with more digits than a double is sure to represent. May also match
 * inside strings.
 */
const CANDIDATE = /(?:^|[:,[\s])(-?(?:\d[\d.]{15,}(?:[eE][+-]?\d+)?|\d[\d.]*[eE][+-]?\d+))(?=[\s,\]}]|$)/g
const NUMBER = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
/** The maximum number of significant digits of a double. */
const DIGITS_MAX = 17

/** Normalizes an unsigned decimal number to its significant digits and exponent; `0` for zero. */
const significant = (number: string): string => {
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(number) ?? []
  const digits = whole + fraction
  let [start, end] = [0, digits.length]
  while (digits[start] === '0') start++
  while (end > start && digits[end - 1] === '0') end--
  if (start === end) return '0'
  if (end - start > DIGITS_MAX) return 'more digits than a double has'
  return `${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}

/** Returns whether a double represents the decimal number exactly. */
const isExact = (number: string): boolean => {
  const value = Number(number)
  return Number.isFinite(value) && significant(number) === significant(String(value))
}

/** Returns the index after the closing quotation mark of the string that starts at `from`. */
const stringEnd = (json: string, from: number): number => {
  let end = json.indexOf('"', from + 1)
  for (;;) {
    let escapes = 0
    while (json[end - 1 - escapes] === '\\') escapes++
    if (escapes % 2 === 0) return end + 1
    end = json.indexOf('"', end + 1)
  }
}

const NUMBER_TOKEN = /[-+.eE\d]+/y

/** Calls `found` with the path of every inexact number of a valid JSON document. */
const locate = (json: string, found: (path: readonly PropertyKey[]) => void): void => {
  const path: PropertyKey[] = []
  /** For each open object or array, whether its next string is a key. */
  const keys: boolean[] = []
  let at = 0
  while (at < json.length) {
    const character = json[at]!
    if (character === '"') {
      const end = stringEnd(json, at)
      if (keys.at(-1)) {
        path[path.length - 1] = JSON.parse(json.slice(at, end)) as string
        keys[keys.length - 1] = false
      }
      at = end
      continue
    }
    if (character === '-' || (character >= '0' && character <= '9')) {
      NUMBER_TOKEN.lastIndex = at
      const [number = character] = NUMBER_TOKEN.exec(json) ?? []
      if (!isExact(number)) found(path)
      at += number.length
      continue
    }
    if (character === '{' || character === '[') {
      path.push(character === '{' ? '' : 0)
      keys.push(character === '{')
    } else if (character === '}' || character === ']') {
      path.pop()
      keys.pop()
    } else if (character === ',') {
      const last = path.at(-1)
      if (typeof last === 'number') path[path.length - 1] = last + 1
      else keys[keys.length - 1] = true
    }
    at++
  }
}

/**
 * Calls `found` with the path of every number in a JSON document that a double cannot represent, such as
 * `1e999` or an integer of twenty digits. A document without long numbers and exponents costs one pass of a
 * regular expression.
 */
export const inexactNumbers = (json: string, found: (path: readonly PropertyKey[]) => void): void => {
  if (json.search(CANDIDATE) < 0) return
  for (const [, number = ''] of json.matchAll(CANDIDATE))
    if (!isExact(number)) {
      locate(json, found)
      return
    }
}
