import type { Owner } from '../ports/inbox.ts'
import type { Limits } from './limits.ts'
import { LOWEST } from './places.ts'
import { withRevivals } from './revivals.ts'
import { type Guide, HINT_KINDS, type Hint, type HintKind, type InboxRows, type Mark } from './rows.ts'
import type { Scanned } from './scan.ts'
import type { View } from './view.ts'

/**
 * After this time (ms), every reader that started before a revival has finished, and the change behind the
 * revival is stored.
 */
const REVIVAL_SETTLED_MS = 60_000

/**
 * Returns the hint of a list: that of the view if there is one, else that of the whole inbox, which includes every item of
 * the view. A view's hint that is older than a removed revival may lack the revived item, so it is not used.
 */
export const hintIn = (
  { hints, ofView, folded }: Guide,
  kind: HintKind,
  view: View | undefined,
): Hint | undefined => {
  const own = view && ofView[kind]
  return own && (folded === 0 || own.at >= folded + REVIVAL_SETTLED_MS) ? own : hints[kind]
}

const cut = (hint: Hint, most: number): Hint => {
  const last = hint.candidates[most - 1]
  return hint.candidates.length > most && last
    ? { ...hint, candidates: hint.candidates.slice(0, most), bottom: last }
    : hint
}

/** Returns the hint from a scan that started at the top; undefined if the known hint is good enough. Pure. */
const hintOf = (
  { end, last, trail }: Scanned,
  known: Hint | undefined,
  { top, at }: { top: number; at: number },
  limits: Limits,
): Hint | undefined => {
  const { dead, segment, leftovers } = trail
  const worth = dead.log >= limits.dead.log || dead.hint >= limits.dead.hint || leftovers.length > 0
  if (!worth) return undefined
  const candidates = trail.candidates.filter(({ place }) => place <= top)
  const reached = end === 'done' ? LOWEST : last
  const bottom = segment === 'within' ? known?.bottom : reached
  if (!bottom || bottom.place > top) return undefined
  return cut({ top, bottom, candidates, at }, limits.candidates)
}

/** Returns the hints that follow from a mark: no item that it covers is in the lists of its kind. Pure. */
export const hintsOfMark = ({
  kind,
  floor,
  at,
  category,
  tag,
  context,
  group,
  status,
}: Mark): [HintKind, Hint][] => {
  if ([category, tag, context, group, status].some((label) => label !== undefined)) return []
  const kinds = { read: ['unread', 'unseen'], seen: ['unseen'], archived: HINT_KINDS } as const
  return kinds[kind].map((each) => [each, { top: floor, bottom: LOWEST, candidates: [], at }])
}

/**
 * Stores what scans from the top found, so that later scans need not read it again, and folds old revivals
 * into the hints. Best effort: a hint that cannot be written costs only time.
 */
export const keepHints = async (
  rows: InboxRows,
  owner: Owner,
  guide: Guide,
  scans: Partial<Record<HintKind, Scanned>>,
  begun: { top: number; at: number; view: View | undefined },
  limits: Limits,
): Promise<void> => {
  const { view } = begun
  const old = guide.revivals.filter(({ at }) => at < begun.at - REVIVAL_SETTLED_MS)
  const folds = old.length > limits.revivals
  const keep = async (kind: HintKind) => {
    const known = guide.hints[kind]
    const scanned = view ? undefined : scans[kind]
    const found = scanned && hintOf(scanned, known, begun, limits)
    const hint = found ?? known
    if (!hint || !(found || folds)) return
    const back = folds ? old.filter((each) => each.kind === kind || each.kind === 'snoozed') : []
    const candidates = withRevivals(hint, back)
    await rows.putHint(owner, kind, cut({ ...hint, candidates, at: begun.at }, limits.candidates))
  }
  const keepOfView = async (kind: HintKind) => {
    const scanned = scans[kind]
    const found = view && scanned && hintOf(scanned, hintIn(guide, kind, view), begun, limits)
    if (found) await rows.putHint(owner, kind, cut(found, limits.candidates), view.name)
  }
  if (Date.now() - begun.at > limits.callMs) return
  try {
    await Promise.all([...HINT_KINDS.map(keep), ...HINT_KINDS.map(keepOfView)])
    if (folds) await rows.removeRevivals(owner, old)
  } catch {
    // The next scan reads the same rows again.
  }
}
