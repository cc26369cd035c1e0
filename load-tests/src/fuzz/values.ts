import fc from 'fast-check'
import { MARKER } from './settings.ts'

/** A placeholder for a number that JSON can express but JavaScript cannot represent. */
const RAW = '\ue000raw:'
const rawNumber = (text: string) => RAW + text

/** Values that are known to break validators, stores or renderers. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  -1e308,
  8.64e15,
  1e15,
  rawNumber('1e999'),
  rawNumber('-1e-999'),
  rawNumber('12345678901234567890'),
  rawNumber('-0'),
  '',
  ' ',
  MARKER,
  '\0',
  'a\0b',
  '\ud800',
  'a\udfff',
  '\u202eabc',
  '\u200b',
  'ünï🔔',
  '👨‍👩‍👧‍👦'.repeat(300),
  'x'.repeat(70_000),
  ' '.repeat(16_000),
  '\n'.repeat(5_000),
  '{{ data.x }}<script>',
  '__proto__',
  'constructor',
  'toString',
  'true',
  '1e999',
  '9999-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  'http://169.254.169.254/',
  'http://[::1]:99999/',
  '//evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  '../../etc/passwd',
  '%',
  '%00',
  '%ff',
  '%c0%ae',
  'a\r\nPUB x 1\r\n',
  [],
  [null],
  [[[[]]]],
  Array.from({ length: 2_000 }, () => 'x'),
  Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`key${index}`, index])),
]

/** Objects with keys that are special for validators, printers and `await`. */
const SHAPES: readonly unknown[] = [
  {},
  { length: { toString: 1 } },
  { length: { valueOf: 1, toString: null } },
  { length: -1 },
  { length: 1e9 },
  { size: { toString: 1 } },
  { toString: 1 },
  { valueOf: 1, toString: null },
  { toJSON: 1 },
  JSON.parse('{"then":1}'),
  { constructor: { prototype: {} } },
  { hasOwnProperty: 1 },
  { user: { length: { toString: 1 } } },
  { __proto__: null },
]

/** An object with an own key that a literal cannot define. */
const withProto = (value: unknown): unknown => JSON.parse(`{"__proto__":${JSON.stringify(value) ?? 'null'}}`)

const nested = (depth: number, list: boolean): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = list ? [value] : { a: value }
  return value
}

/** Deep values are created on use, because fast-check would traverse them. */
const deep = fc.constantFrom(
  () => nested(63, false),
  () => nested(65, false),
  () => nested(3_000, true),
  () => nested(3_000, false),
)

/** Any JSON value, often one of the hostile ones. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 6, arbitrary: fc.constantFrom(...SHAPES) },
  { weight: 1, arbitrary: deep.map((make) => make()) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE).map(withProto) },
  { weight: 3, arbitrary: fc.jsonValue({ stringUnit: 'binary' }) },
)

/** A string that is unexpected in a URL, header or subject. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    ...HOSTILE.filter((each): each is string => typeof each === 'string' && each.length < 4_000),
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 40 }),
)

/** Writes JSON as other programs may: with numbers that JavaScript cannot represent, and unescaped lone surrogates. */
export const toJson = (value: unknown): string =>
  (JSON.stringify(value) ?? 'null').replaceAll(/"\ue000raw:([^"]*)"/g, '$1')

/** The path of a place in a value. */
type Path = readonly PropertyKey[]

const pathsIn = (value: unknown, path: Path = [], depth = 0): Path[] => {
  if (typeof value !== 'object' || value === null || depth > 6) return [path]
  const keys = Object.keys(value).slice(0, 30)
  const inner = keys.flatMap((key) =>
    pathsIn(
      (value as Record<string, unknown>)[key],
      [...path, Array.isArray(value) ? Number(key) : key],
      depth + 1,
    ),
  )
  return [path, ...inner]
}

const replaceAt = (value: unknown, [key, ...rest]: Path, make: (old: unknown) => unknown): unknown => {
  if (key === undefined) return make(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value))
    return value.map((each, index) => (index === key ? replaceAt(each, rest, make) : each))
  const copy: Record<PropertyKey, unknown> = { ...value }
  copy[key] = replaceAt(copy[key], rest, make)
  return copy
}

type Change = (old: unknown) => unknown

/** A mutation of the value at a path. */
const change: fc.Arbitrary<Change> = fc.oneof(
  hostile.map(
    (value): Change =>
      () =>
        value,
  ),
  fc.constant<Change>(() => undefined),
  fc.constant<Change>((old) => [old, old]),
  fc.constant<Change>((old) => ({ value: old })),
  fc.constant<Change>((old) => JSON.stringify(old)),
  fc.tuple(hostileText, hostile).map(
    ([key, value]): Change =>
      (old) =>
        typeof old === 'object' && old !== null && !Array.isArray(old)
          ? Object.defineProperty({ ...old }, key, { value, enumerable: true })
          : value,
  ),
)

/** A valid value with one to three mutations. */
export const mutated = (valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(valid, fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 }))
    .map(([value, changes]) =>
      changes.reduce((current, [nth, make]) => {
        const paths = pathsIn(current)
        return replaceAt(current, paths[nth % paths.length] ?? [], make)
      }, value),
    )
