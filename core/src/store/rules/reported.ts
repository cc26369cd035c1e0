import type { Reported, ReportedPatch } from '@carillon/schemas'

/** Returns what is reported after a patch. */
export const patched = (before: Reported, patch: ReportedPatch): Reported =>
  Object.fromEntries(
    Object.entries({ ...before, ...patch }).filter(([, value]) => value !== null && value !== undefined),
  )
