import type { Reported, ReportedPatch } from '@carillon/schemas'

/** Applies a patch to reported attributes; null removes one. */
export const patched = (before: Reported, patch: ReportedPatch): Reported =>
  Object.fromEntries(
    Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null && value !== undefined),
  )
