import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that wait for minutes to pass. They start before all others, so that other files use the processor meanwhile. */
export const WAITING = [
  'load-tests/src/delivery/cluster.e2e.test.ts',
  'load-tests/src/delivery/embedded.e2e.test.ts',
]

/** Files that take much longer than their size suggests. One that started last would leave the other cores idle. */
export const LONG = [
  'load-tests/src/fuzz/http.test.ts',
  'core/src/store/cassandra.test.ts',
  'dispatcher/src/digests/month.test.ts',
  'load-tests/src/browser/preferences-page.test.ts',
  'core/src/store/sqlite.test.ts',
  'core/src/store/inbox/inbox.test.ts',
  'load-tests/src/consistency/cluster.e2e.test.ts',
  'load-tests/src/openapi/openapi.e2e.test.ts',
  'load-tests/src/browser/networks.e2e.test.ts',
  'load-tests/src/browser/gallery.e2e.test.ts',
  'load-tests/src/browser/long-list.e2e.test.ts',
  'load-tests/src/consistency/rolling-restart.e2e.test.ts',
  'load-tests/src/consistency/synced.e2e.test.ts',
  'load-tests/src/cli/command-line.e2e.test.ts',
  'load-tests/src/browser/bell.e2e.test.ts',
  'load-tests/src/browser/tabs-model.e2e.test.ts',
]

const positionIn = (files: readonly string[], { moduleId }: TestSpecification) => {
  const at = files.findIndex((file) => moduleId.endsWith(`/${file}`))
  return at < 0 ? files.length : at
}

/**
 * The order of files, by the first criterion that differs: group; files that wait; project; long files. The files of a project
 * follow one another because a worker keeps its modules only between two files of one project.
 */
const orderOf = (projects: readonly string[], spec: TestSpecification): number[] => [
  spec.project.config.sequence.groupOrder,
  positionIn(WAITING, spec),
  projects.indexOf(spec.project.name),
  positionIn(LONG, spec),
]

/** Sorts files by `orderOf`. Vitest sorts the rest by duration, which a clean clone does not have. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const projects = this.ctx.projects.map(({ name }) => name)
    const sorted = (await super.sort(files)).map((file) => ({ file, order: orderOf(projects, file) }))
    sorted.sort(
      (a, b) => a.order.map((value, index) => value - b.order[index]!).find((difference) => difference) ?? 0,
    )
    return sorted.map(({ file }) => file)
  }
}
