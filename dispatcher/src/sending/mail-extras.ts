import type { FindCopies } from '@carillon/core/delivery/mail-copies'
import type { MailExtras } from '@carillon/core/delivery/provider'
import { openOverrides } from '@carillon/core/delivery/sealed-overrides'
import type { Step } from '@carillon/core/delivery/step'
import type { Seal } from '@carillon/core/security/seal'
import type { Passed } from '@carillon/core/store/ports/deliveries'
import type { EmailOverrides, Overrides, UserProfile } from '@carillon/schemas'
import type { Files, LoadFiles } from './attachments.ts'
import { channelOf } from './ledger-changes.ts'

/** Returns the overrides of a step for its channel; undefined if there are none. */
export const overridesOf = (seal: Pick<Seal, 'open'>, step: Step): Overrides[keyof Overrides] | undefined => {
  const channel = channelOf(step)
  return channel === 'webhook' ? undefined : openOverrides(seal, step, channel)
}

/** The additions of the sender to one e-mail, for every account that is tried. `release` frees its files. */
export type Mail = {
  /** Suppressed copies, for the ledger. */
  leftOut: readonly Passed[]
  /** Returns the extras, with the files, which are loaded once. Returns an outcome if they cannot be loaded. */
  extras(): Promise<
    { outcome?: undefined; extras: MailExtras | undefined } | Exclude<Awaited<ReturnType<LoadFiles>>, Files>
  >
  release(): Promise<void>
}

const NOTHING: Mail = {
  leftOut: [],
  extras: async () => ({ extras: undefined }),
  release: async () => {},
}

export type PrepareMail = (
  step: Step,
  overrides: EmailOverrides | undefined,
  profile: UserProfile,
) => Promise<Mail>

/** Looks up what the sender adds to e-mails. Files are loaded only when `extras` is called, after the permit. */
export const createPrepareMail =
  ({ findCopies, loadFiles }: { findCopies: FindCopies; loadFiles: LoadFiles }): PrepareMail =>
  async (step, overrides, profile) => {
    if (!overrides || channelOf(step) !== 'email') return NOTHING
    const { attachments = [], replyTo, headers = {} } = overrides
    const { leftOut, ...copies } = await findCopies(step.tenant, overrides, profile.email)
    const shared = { ...copies, headers, ...(replyTo && { replyTo }) }
    let loading: ReturnType<LoadFiles> | undefined
    return {
      leftOut,
      extras: async () => {
        if (attachments.length === 0) return { extras: { ...shared, files: [] } }
        loading ??= loadFiles(step.tenant, attachments, step.priority)
        const loaded = await loading
        return loaded.outcome === undefined ? { extras: { ...shared, files: loaded.files } } : loaded
      },
      release: async () => {
        const loaded = await loading?.catch(() => undefined)
        if (loaded?.outcome === undefined) loaded?.release()
      },
    }
  }
