import { LRUCache } from 'lru-cache'
import { createEngine, newBudget, type Prepared } from './engine.ts'
import type { Scope } from './scope.ts'
import { TemplateError } from './template-error.ts'

const KEYS_MAX = 1_000

const parse = createEngine('text')
const parsed = new LRUCache<string, Prepared>({ max: KEYS_MAX })

/**
 * Renders the key of a digest or throttle. A key whose template fails is empty: what has no key belongs together.
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
