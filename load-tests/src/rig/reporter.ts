import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'

/**
 * Reports missing tools at the end, and prints `N passed, N failed, N skipped` as the last line.
 *
 * The numbers count tests. Each failure outside a test (a file that cannot be loaded, a hook, an unhandled error, a run without
 * tests) counts as one failed test, so a failed run never reports `0 failed`. With CARILLON_TEST_REQUIRE=1 a skipped test also
 * fails the run.
 */
export default class SummaryReporter implements Reporter {
  readonly #required = process.env.CARILLON_TEST_REQUIRE === '1'
  #vitest: Vitest | undefined
  #closing = ''

  onInit(vitest: Vitest) {
    this.#vitest = vitest
    // After all other output, including teardown.
    process.once('exit', () => process.stdout.write(this.#closing))
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[], reason: TestRunEndReason) {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state] += 1
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
    }
    const skipped = counts.skipped + counts.pending
    const total = counts.passed + counts.failed + skipped
    if (counts.failed === 0 && (reason === 'failed' || total === 0)) counts.failed = 1

    const lines = (this.#vitest?.getProvidedContext().skipped ?? []).map(
      ({ part, reason, remedy }) => `skipped without ${part}: ${reason}; install it with: ${remedy}`,
    )
    if (this.#required && skipped > 0) {
      lines.push('failed: CARILLON_TEST_REQUIRE=1 allows no skipped test')
      process.exitCode = 1
    }
    lines.push(`${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped`)
    this.#closing = `\n${lines.join('\n')}\n`
  }
}
