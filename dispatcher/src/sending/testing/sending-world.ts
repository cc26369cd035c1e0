import type { PlanStep } from '@carillon/schemas'
import { afterEach, vi } from 'vitest'
import { openWorld, type World } from '../../testing/dispatcher.ts'

/** Returns a function that opens a world with the user ada, who has every kind of address. It is closed after the test. */
export const sendingWorlds = () => {
  let world: World | undefined
  afterEach(async () => {
    vi.useRealTimers()
    await world?.close()
    world = undefined
  })
  return async (options: Parameters<typeof openWorld>[0]): Promise<World> => {
    world = await openWorld(options)
    await world.person('ada', { name: 'Ada', email: 'ada@example.org', phone: '+351911111111' })
    return world
  }
}

export const step = (
  channel: PlanStep['channel'],
  when: PlanStep['when'] = 'always',
  after = 0,
): PlanStep & { after: number } => ({ channel, when, after })

export const note = (id: string, plan: PlanStep[], more = {}) => ({
  id,
  to: 'ada',
  type: 'bill.due',
  title: 'Your bill',
  body: 'It is due on Friday',
  url: 'https://app.example.org/bills/7',
  plan,
  ...more,
})

/** Repeats a check for up to ten seconds. */
export const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 10_000, interval: 10 })
