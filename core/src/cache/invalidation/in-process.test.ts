import { invalidationsContract } from './contract/invalidations.ts'
import { inProcessInvalidations } from './in-process.ts'

invalidationsContract('in process', async () => {
  const one = inProcessInvalidations()
  return { one, other: one, end: one.close }
})
