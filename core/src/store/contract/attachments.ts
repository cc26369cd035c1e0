import { randomUUID } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { Store } from '../port.ts'
import { CHUNK_BYTES, type StoredAttachment } from '../ports/attachments.ts'
import { freshTenant, HOUR } from './samples.ts'

const attachment = (more: Partial<StoredAttachment> = {}): StoredAttachment => ({
  id: randomUUID(),
  filename: 'Rechnung für Ada.pdf',
  contentType: 'application/pdf',
  size: 7,
  chunks: 1,
  createdAt: 1_700_000_000_000,
  expiresAt: Date.now() + HOUR,
  ...more,
})

export const attachmentsContract = (store: () => Store): void => {
  describe('attachments', () => {
    test('exist after put, with every byte of their chunks', async () => {
      const { attachments } = store()
      const tenant = freshTenant()
      const file = attachment({ size: CHUNK_BYTES + 3, chunks: 2 })
      const { id, expiresAt } = file
      const bytes = Uint8Array.from({ length: CHUNK_BYTES }, (_, index) => index % 251)
      const rest = Uint8Array.from([0, 255, 10])
      await attachments.write(tenant, { id, index: 0, bytes, expiresAt })
      await attachments.write(tenant, { id, index: 1, bytes: rest, expiresAt })
      expect(await attachments.get(tenant, [id])).toEqual(new Map())
      await attachments.put(tenant, file)
      expect(await attachments.get(tenant, [id, randomUUID()])).toEqual(new Map([[id, file]]))
      expect(Buffer.compare((await attachments.chunk(tenant, id, 0)) ?? new Uint8Array(), bytes)).toBe(0)
      expect([...((await attachments.chunk(tenant, id, 1)) ?? [])]).toEqual([...rest])
      expect(await attachments.chunk(tenant, id, 2)).toBeUndefined()
      expect(await attachments.get(tenant, [])).toEqual(new Map())
    })

    test('belong to their tenant', async () => {
      const { attachments } = store()
      const [tenant, other] = [freshTenant(), freshTenant()]
      const file = attachment()
      await attachments.write(tenant, { ...file, index: 0, bytes: Uint8Array.from([1]) })
      await attachments.put(tenant, file)
      expect(await attachments.get(other, [file.id])).toEqual(new Map())
      expect(await attachments.chunk(other, file.id, 0)).toBeUndefined()
      await attachments.remove(other, file.id)
      expect((await attachments.get(tenant, [file.id])).size).toBe(1)
      expect(await attachments.usage(other)).toEqual({ files: 0, bytes: 0 })
    })

    test('are counted until they are removed', async () => {
      const { attachments } = store()
      const tenant = freshTenant()
      const [one, two] = [attachment({ size: 10 }), attachment({ size: 32 })]
      await attachments.put(tenant, one)
      await attachments.put(tenant, two)
      await attachments.write(tenant, { ...one, index: 0, bytes: Uint8Array.from([1]) })
      expect(await attachments.usage(tenant)).toEqual({ files: 2, bytes: 42 })
      await attachments.remove(tenant, one.id)
      await attachments.remove(tenant, one.id)
      expect(await attachments.usage(tenant)).toEqual({ files: 1, bytes: 32 })
      expect(await attachments.get(tenant, [one.id])).toEqual(new Map())
      expect(await attachments.chunk(tenant, one.id, 0)).toBeUndefined()
    })

    test('expire', async () => {
      const { attachments } = store()
      const tenant = freshTenant()
      const file = attachment({ expiresAt: Date.now() + 1_500 })
      await attachments.write(tenant, { ...file, index: 0, bytes: Uint8Array.from([1]) })
      await attachments.put(tenant, file)
      expect((await attachments.get(tenant, [file.id])).size).toBe(1)
      await vi.waitFor(
        async () => {
          expect(await attachments.get(tenant, [file.id])).toEqual(new Map())
          expect(await attachments.chunk(tenant, file.id, 0)).toBeUndefined()
          expect(await attachments.usage(tenant)).toEqual({ files: 0, bytes: 0 })
        },
        { timeout: 15_000, interval: 200 },
      )
    })
  })
}
