import { createLog } from '@carillon/core/telemetry/log'
import type { InboxItem } from '@carillon/schemas'
import { expect, test, vi } from 'vitest'
import { createCountVariants } from './variant-marks.ts'

const item = (more: Partial<InboxItem>) =>
  ({ notification: 'n1', type: 'news', variant: 'a', ...more }) as InboxItem

test('tests, and items without a variant, count in no figure', async () => {
  const mark = vi.fn(async () => {})
  const count = createCountVariants({
    variantFigures: { mark },
    log: createLog({ level: 'silent', role: 'test' }),
  })
  const items = [item({}), item({ test: true }), item({ variant: undefined })]
  await count([
    [
      { tenant: 't', user: 'ada' },
      { kind: 'read', items },
    ],
  ])
  expect(mark.mock.calls).toEqual([
    ['t', [{ tenant: 't', type: 'news', variant: 'a', figure: 'read', notification: 'n1', user: 'ada' }]],
  ])
})
