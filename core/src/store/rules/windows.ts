import { RETENTION_MS } from '../../stream/port.ts'
import type { Joining, Member, OpenWindow } from '../ports/digests.ts'

/** Returns when a window closes after a member has joined it, epoch ms. */
export const closesAfter = (
  { opensAt, closesAt }: Pick<OpenWindow, 'opensAt' | 'closesAt'>,
  { at, slide }: Pick<Joining, 'at' | 'slide'>,
): number => (slide ? Math.max(closesAt, Math.min(at + slide.windowMs, opensAt + slide.mostMs)) : closesAt)

/** Orders members by time, then by name. */
export const inOrder = (members: Member[]): Member[] =>
  members.sort((one, other) => one.at - other.at || (one.member < other.member ? -1 : 1))

/** Returns the name of the member that marks an opening whose members left apart. It is not collected. */
export const apartMarker = (id: string): string => `apart ${id}`

/** Returns when such a mark may be forgotten, epoch ms: later than any repetition of the close. */
export const markerUntil = (): number => Date.now() + 2 * RETENTION_MS
