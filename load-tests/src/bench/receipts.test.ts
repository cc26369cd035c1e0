import { expect, test } from 'vitest'
import { LossError } from './measure.ts'
import { createReceipts } from './receipts.ts'

test('receipts that stop coming are a loss', async () => {
  const receipts = createReceipts(20)
  receipts.set(2)
  await receipts.until(2)
  await expect(receipts.until(3)).rejects.toThrow(LossError)
})

test('nothing is waited for after a failure', async () => {
  const receipts = createReceipts(60_000)
  const waiting = receipts.until(1)
  receipts.fail('a connection was closed')
  await expect(waiting).rejects.toThrow('a connection was closed')
  await expect(receipts.until(1)).rejects.toThrow(LossError)
})
