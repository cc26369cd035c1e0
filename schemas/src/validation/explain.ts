import type { z } from 'zod'
import { type Any, alternativesAt, keysOf, memberAt } from './alternatives.ts'
import { differ, listed, shapesOf } from './describe.ts'
import { nearest } from './did-you-mean.ts'
import { CHOICE, choice, kindOf } from './messages.ts'
import { NOT_ALLOWED } from './not-allowed.ts'

/** One fault of a value: the path of keys to it, and a message. */
export type Issue = { path: PropertyKey[]; message: string }

type Raw = z.core.$ZodIssue
/** The root schema and value. */
type Whole = { schema: z.core.$ZodType; value: unknown }

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown => path.reduce(memberAt, value)

/** Maximum number of issues. Suggestions for thousands of unknown keys would take too long. */
const ISSUES_MAX = 10
const LISTED_KEYS_MAX = 8

const unknownKey = (key: string, members: readonly Any[]): string => {
  const refusal = members.map((member) => NOT_ALLOWED.get(member)).find((each) => each?.keys.includes(key))
  if (refusal) return refusal.message
  const known = keysOf(members)
  const close = nearest(key, known)
  if (close !== undefined) return `unknown key; did you mean ${close}?`
  return known.length > 0 && known.length <= LISTED_KEYS_MAX
    ? `unknown key; known keys are ${listed(known).replace(/ or (?=[^ ]+$)/, ' and ')}`
    : 'unknown key'
}

/** Reports whether a branch of a union expects another kind of value. */
const isOtherKind = (branch: readonly Raw[]): boolean =>
  branch.some(
    (issue) =>
      issue.path.length === 0 &&
      (issue.code === 'invalid_type' || (issue.code === 'invalid_union' && issue.errors.every(isOtherKind))),
  )

/** Flattens nested unions. */
const branchesOf = (errors: readonly Raw[][]): Raw[][] =>
  errors.flatMap((branch) => {
    const [only] = branch
    return branch.length === 1 &&
      only?.code === 'invalid_union' &&
      only.path.length === 0 &&
      only.errors.length > 0
      ? branchesOf(only.errors)
      : [branch]
  })

/** Reports whether a branch of a union expects other values of the same kind, such as `''`. */
const isOtherValue = (branch: readonly Raw[]): boolean =>
  branch.some((issue) => issue.path.length === 0 && issue.code === 'invalid_value')

const faults = (branch: readonly Raw[]): number =>
  branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)

/** Returns the branch with the fewest faults; undefined without branches, or for a tie. */
const closest = (errors: readonly Raw[][]): Raw[] | undefined => {
  const fitting = branchesOf(errors).filter((branch) => !isOtherKind(branch))
  const open = fitting.filter((branch) => !isOtherValue(branch))
  const ordered = (open.length > 0 ? open : fitting)
    .map((branch) => ({ branch, count: faults(branch) }))
    .sort((a, b) => a.count - b.count)
  const [first, second] = ordered
  return first && first.count !== second?.count ? first.branch : undefined
}

/** Returns what a union accepts, and the keys of an object that no member defines. */
const noMember = (path: PropertyKey[], { schema, value }: Whole): Issue[] => {
  const members = alternativesAt(schema, value, path)
  const given = valueAt(value, path)
  const takes = shapesOf(members)
  if (given === undefined) return [{ path, message: `is missing: ${takes}` }]
  const kind = kindOf(given)
  if (kind !== 'an object') return [{ path, message: `must be ${takes}${kind ? `, not ${kind}` : ''}` }]
  const known = keysOf(members)
  const unknown = Object.keys(given as object).filter((key) => !known.includes(key))
  return [
    { path, message: `must be ${takes}` },
    ...unknown
      .slice(0, ISSUES_MAX)
      .map((key) => ({ path: [...path, key], message: unknownKey(key, members) })),
  ]
}

const flatten = (issue: Raw, at: readonly PropertyKey[], whole: Whole): Issue[] => {
  const path = [...at, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys': {
      const members = alternativesAt(whole.schema, whole.value, path)
      return issue.keys
        .slice(0, ISSUES_MAX)
        .map((key) => ({ path: [...path, key], message: unknownKey(key, members) }))
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message: `invalid key: it ${message}` }))
    case 'invalid_value': {
      const message =
        issue.message === CHOICE ? choice(valueAt(whole.value, path), issue.values) : issue.message
      return [{ path, message }]
    }
    case 'invalid_union': {
      if (issue.errors.length === 0)
        return [
          {
            path,
            message: choice(
              valueAt(whole.value, path),
              'options' in issue ? (issue.options as unknown[]) : [],
            ),
          },
        ]
      const branch = closest(issue.errors)
      return branch ? branch.flatMap((inner) => flatten(inner, path, whole)) : noMember(path, whole)
    }
    default:
      return [{ path, message: issue.message }]
  }
}

/** Adds what a union accepts to the issues of its closest member, because the sender may have meant another one. */
const withShapes = (issues: readonly Issue[], { schema, value }: Whole): Issue[] => {
  const told = new Set<string>()
  /** Returns the innermost union on the path to an issue. */
  const unionOf = (path: PropertyKey[]): Issue | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const members = alternativesAt(schema, value, path.slice(0, length))
      if (differ(members)) return { path: path.slice(0, length), message: `takes ${shapesOf(members)}` }
    }
    return undefined
  }
  return issues.flatMap((issue) => {
    const union = unionOf(issue.path)
    const takes = union?.message.slice('takes '.length)
    if (!union || !takes || told.has(takes)) return [issue]
    told.add(takes)
    return issue.message.includes(takes) ? [issue] : [issue, union]
  })
}

/**
 * Converts zod's issues into one issue per fault, at most ten. An unknown key is reported at the key, and a union by its
 * closest member.
 */
export const explain = (issues: readonly Raw[], schema: z.core.$ZodType, value: unknown): Issue[] => {
  const whole = { schema, value }
  const flat = issues.slice(0, ISSUES_MAX).flatMap((issue) => flatten(issue, [], whole))
  return withShapes(flat.slice(0, ISSUES_MAX), whole)
}
