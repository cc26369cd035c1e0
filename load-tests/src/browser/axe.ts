import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const require = createRequire(import.meta.url)
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/**
 * Returns the accessibility rules (WCAG 2.2 AA and best practices) that the page violates, each with the elements. Checks all
 * rules, or the given ones.
 */
export const violationsOf = async (
  page: Page,
  rules: 'all' | readonly string[] = 'all',
): Promise<string[]> => {
  await page.evaluate(AXE)
  const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    // The other results are many, and take longer to collect and to send than the violations.
    `axe.run(document, { runOnly: ${JSON.stringify(rules === 'all' ? TAGS : rules)}, resultTypes: ['violations'] })
      .then(({ violations }) => violations)`,
  )
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
