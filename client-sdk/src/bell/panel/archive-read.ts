import type { CarillonError } from '../../http/error.ts'
import { reasonOf } from '../failure.ts'
import type { PanelText } from './english.ts'
import type { List } from './list.ts'
import type { createUndo } from './undo.ts'

/** The parts of the panel that the action needs. */
export type ArchiveReadParts = {
  list: List
  undo: ReturnType<typeof createUndo>
  text: () => PanelText
  announce: (text: string) => void
}

/** Archives all read items of the list, and offers to restore exactly those. */
export const archiveRead = ({ list, undo, text, announce }: ArchiveReadParts): void => {
  // The `error` event of the client reports a failed action. There is nothing to undo then.
  const archived = list.feed.archiveAll({ status: 'read' }).catch(() => undefined)
  const label = text()('acted', { label: text()('archiveRead') })
  announce(label)
  const restore = async () => {
    try {
      await (await archived)?.undo()
      announce(text()('undone'))
      list.insert()
    } catch (error) {
      const reason = text()(reasonOf(error as CarillonError))
      announce(reason)
      undo.notice(reason)
    }
  }
  undo.offer({ label, undo: () => void restore() })
}
