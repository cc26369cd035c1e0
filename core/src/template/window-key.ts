import type { DigestRule, ItemContent, UserProfile } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'
import type { InContext } from '../contexts/in-context.ts'
import type { Step } from '../delivery/step.ts'
import { digestRuleOf, type StepDigest } from '../routing/digest.ts'
import { createEngine, newBudget, type Prepared } from './engine.ts'
import { type Scope, scopeOf } from './scope.ts'
import { TemplateError } from './template-error.ts'

const KEYS_MAX = 1_000

const parse = createEngine('text')
const parsed = new LRUCache<string, Prepared>({ max: KEYS_MAX })

/**
 * Renders the key of a digest or throttle. A key whose template fails is empty, so steps without a key share one.
 */
export const windowKey = (template: string | undefined, scope: Scope): string => {
  if (template === undefined) return ''
  try {
    const prepared = parsed.get(template) ?? parse(template)
    parsed.set(template, prepared)
    const recipient = { locale: 'en', timezone: 'UTC', now: 0, messages: [] }
    return prepared(scope, recipient, newBudget()).text.trim()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return ''
  }
}

/** Returns the digest of a step with its key; undefined if it has none. */
export const digestOf = (
  step: Step,
  type: { digest?: DigestRule | undefined } | undefined,
  {
    content,
    user,
    tenancy,
  }: {
    content: Partial<ItemContent> | undefined
    user: { id: string; profile: UserProfile }
    tenancy: Pick<InContext, 'variables'>
  },
): StepDigest | undefined => {
  const known = digestRuleOf(step, type)
  if (!known) return undefined
  const { key } = known.rule
  return { ...known, key: key === undefined ? '' : windowKey(key, scopeOf(content ?? {}, user, tenancy)) }
}
