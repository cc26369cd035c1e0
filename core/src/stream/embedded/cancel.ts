import { waitReasonOf } from '@carillon/schemas'
import type { Stream } from '../port.ts'
import type { appender } from './append.ts'
import type { Size } from './size.ts'
import type { writer } from './write.ts'

/** Maximum number of schedules of a group that are removed in one write. */
const CHUNK = 2_000

/** Returns how scheduled messages are removed. */
export const canceller = ({
  write,
  log,
  size,
}: {
  write: ReturnType<typeof writer>
  log: ReturnType<typeof appender>
  size: Size
}): Pick<Stream, 'cancel' | 'cancelGroup'> => ({
  cancel: async (keys) => {
    const { scheduled } = await write(() => log.cancel(keys))
    size.scheduled(scheduled)
    return [...scheduled.values()].reduce((removed, change) => removed - change, 0)
  },
  cancelGroup: async (group) => {
    for (let all = 0; ; ) {
      const removed = await write(() => log.cancelGroup(group, CHUNK))
      size.scheduled(new Map([[waitReasonOf(group), -removed]]))
      all += removed
      if (removed < CHUNK) return all
    }
  },
})
