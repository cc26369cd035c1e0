import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'

/**
 * Says at the end which real parts were missing, and closes the output with `N passed, N failed, N skipped`.
 *
 * The numbers are tests. What fails outside a test (a file that does not load, a hook, an error nobody caught, a
 * run without tests) counts as one failure each, so that a run that failed never says `0 failed`. With
 * CARILLON_TEST_REQUIRE=1 a skipped test fails the run as well.
 */
export default class SummaryReporter implements Reporter {
  readonly #required = process.env.CARILLON_TEST_REQUIRE === '1'
  #vitest: Vitest | undefined
  #closing = ''

  onInit(vitest: Vitest) {
    this.#vitest = vitest
    // After everything else has been printed, teardown included.
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
      ({ part, reason, remedy }) => `skipped without ${part}: ${reason}; get it with: ${remedy}`,
    )
    if (this.#required && skipped > 0) {
      lines.push('failed: CARILLON_TEST_REQUIRE=1 allows no skipped test')
      process.exitCode = 1
    }
    lines.push(`${counts.passed} passed, ${counts.failed} failed, ${skipped} skipped`)
    this.#closing = `\n${lines.join('\n')}\n`
  }
}
