import { frequencyOf } from '@carillon/core/routing/digest'
import type { Store } from '@carillon/core/store/port'
import type { OpenWindow } from '@carillon/core/store/ports/digests'
import type { ReadWindow } from '../digests/members.ts'
import type { About } from '../digests/window-work.ts'
import { type ContextPorts, lookUpContexts } from './lookup-contexts.ts'
import { lookUpItems } from './lookup-items.ts'
import { lookUpPreferences, type PreferencePorts } from './lookup-preferences.ts'

export type UnwantedPorts = PreferencePorts &
  ContextPorts & {
    store: Pick<Store, 'inbox' | 'notifications' | 'users'>
    readWindow: ReadWindow
  }

/**
 * Returns a function that reports whether a window holds back a message that its user no longer wants to wait for it: they have
 * chosen another frequency, or `immediate` in place of the digest of the type. What they have switched off does not count: it
 * is left out when the window closes. Reads the members, as a digest does that is sent.
 */
export const createHoldsUnwanted =
  ({ readWindow, ...ports }: UnwantedPorts) =>
  async (tenant: string, window: OpenWindow, { kind, frequency }: About): Promise<boolean> => {
    if (kind === 'quiet_hours') return false
    const members = await readWindow(tenant, window)
    const steps = members.flatMap(({ step }) => (step.digest ? [] : [step]))
    const [preferences, tenancy, items] = await Promise.all([
      lookUpPreferences(ports, steps),
      lookUpContexts(ports, steps),
      lookUpItems(ports.store, steps),
    ])
    return steps.some((step) => {
      const { category } = items.item(step) ?? step.content ?? {}
      const preference = preferences.of(step, preferences.subject(step, category), tenancy(step))
      if (preference.outcome === 'skip') return false
      const chosen = frequencyOf(step.plan[step.index]!.channel, preference)
      return kind === 'frequency' ? chosen !== frequency : chosen === 'immediate'
    })
  }
