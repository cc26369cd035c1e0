import { expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { DAY, freshTenant } from './samples.ts'

export const operationsContract = (store: () => Store): void => {
  test('an operation shows its latest progress, in any order of reports', async () => {
    const { operations } = store()
    const tenant = freshTenant()
    const begun = { id: 'operation-7', kind: 'recall', createdAt: Date.now() } as const
    expect(await operations.get(tenant, begun.id)).toBeUndefined()
    await operations.begin(tenant, begun)
    const none = { step: 0, finished: false, done: 0, total: 0, skipped: 0 }
    expect(await operations.get(tenant, begun.id)).toEqual({ ...begun, ...none })
    const later = { step: 2, finished: true, done: 9, total: 9, skipped: 1 }
    await operations.progress(tenant, begun, later)
    await operations.progress(tenant, begun, { ...none, step: 1, done: 4 })
    await operations.begin(tenant, { ...begun, kind: 'replace', createdAt: begun.createdAt + 5 })
    expect(await operations.get(tenant, begun.id)).toEqual({ ...begun, ...later })
    expect(await operations.get(freshTenant(), begun.id)).toBeUndefined()
  })

  test('an operation is forgotten after a week', async () => {
    const { operations } = store()
    const tenant = freshTenant()
    await operations.begin(tenant, { id: 'old', kind: 'mark', createdAt: Date.now() - 7 * DAY + 1_500 })
    await operations.progress(
      tenant,
      { id: 'lost', createdAt: Date.now() },
      {
        ...{ step: 1, finished: true, done: 1, total: 1, skipped: 0 },
      },
    )
    expect(await operations.get(tenant, 'lost')).toBeUndefined()
    await expect.poll(() => operations.get(tenant, 'old'), { timeout: 5_000 }).toBeUndefined()
  })
}
