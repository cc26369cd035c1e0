import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Change, Changes, Invalidations } from '../port.ts'

/** `one` and `other` are two processes of an installation, or the same one. */
export type InvalidationsWorld = { one: Invalidations; other: Invalidations; end(): Promise<void> }

const change: Change = { kind: 'type', tenant: 'acme', id: 'comment.created' }

/** The contract of the invalidations port. */
export const invalidationsContract = (name: string, open: () => Promise<InvalidationsWorld>): void => {
  describe(`invalidations: ${name}`, () => {
    const world = async () => {
      const opened = await open()
      onTestFinished(opened.end)
      const listen = (invalidations: Invalidations) => {
        const heard: Changes[] = []
        invalidations.subscribe((changes) => heard.push(changes))
        return heard
      }
      return { ...opened, heard: listen(opened.one), otherHeard: listen(opened.other) }
    }

    test('calls listeners of the process before publish returns', async () => {
      const { one, heard } = await world()
      const second: Changes[] = []
      one.subscribe((changes) => second.push(changes))
      const published = one.publish([change])
      expect(heard).toEqual([[change]])
      expect(second).toEqual([[change]])
      await published
    })

    test('delivers changes to other processes once, in order', async () => {
      const { one, other, heard, otherHeard } = await world()
      await one.publish([change, { kind: 'accounts', tenant: 'acme' }])
      await one.publish('all')
      await one.publish([{ kind: 'tenant', tenant: 'last' }])
      await vi.waitFor(() => expect(otherHeard).toHaveLength(3), 15_000)
      expect(otherHeard).toEqual([
        [change, { kind: 'accounts', tenant: 'acme' }],
        'all',
        [{ kind: 'tenant', tenant: 'last' }],
      ])
      await other.publish([change])
      await vi.waitFor(() => expect(heard).toHaveLength(4), 15_000)
    })
  })
}
