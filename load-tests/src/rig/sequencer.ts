import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take much longer than their size suggests. One that started last would leave the other cores idle. */
const LONG = [
  'load-tests/src/openapi/openapi.e2e.test.ts',
  'load-tests/src/delivery/cluster.e2e.test.ts',
  'load-tests/src/delivery/embedded.e2e.test.ts',
  'load-tests/src/browser/gallery.e2e.test.ts',
  'load-tests/src/browser/networks.e2e.test.ts',
  'load-tests/src/fuzz/http.test.ts',
  'load-tests/src/browser/preferences-page.test.ts',
  'dispatcher/src/digests/month.test.ts',
  'core/src/store/cassandra.test.ts',
  'core/src/store/sqlite.test.ts',
  'core/src/store/inbox/inbox.test.ts',
]

const isLong = ({ moduleId }: TestSpecification) => LONG.some((file) => moduleId.endsWith(`/${file}`))
const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder

/** Starts the long files of each group first. A clean clone has no durations, by which Vitest orders the rest. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || Number(isLong(b)) - Number(isLong(a)))
  }
}
