import { RE2JS } from 're2js'

/** Longer patterns are refused: compiling them takes long. */
const PATTERN_MAX = 1_000

/**
 * Compiles a regular expression with RE2, which takes time linear in the text. JavaScript's own engine can take seconds for
 * a hostile pattern. Throws if RE2 does not support the pattern, for example a backreference.
 */
export const linearPattern = Object.assign(
  (pattern: string) => {
    if (pattern.length > PATTERN_MAX) throw new RangeError(`must have at most ${PATTERN_MAX} characters`)
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
    // Ajv keeps compiled patterns by their text.
    return { test: (text: string) => compiled.test(text), toString: () => pattern }
  },
  // Ajv names the engine by this in generated modules, which are not used.
  { code: 'linearPattern' },
)
