import { cut } from '../fields/truncate.ts'

/**
 * Thrown for a subject or token that must not reach NATS. `message` quotes it; callers turn it into a
 * problem.
 */
export class SubjectError extends Error {
  override name = 'SubjectError'
}

/** Maximum length of a rejected value in an error message. */
const SHOWN_MAX = 80

/** Returns the start of a rejected value, as a JSON string. */
export const quoted = (text: string): string => JSON.stringify(cut(text, SHOWN_MAX))
