import { describe } from 'vitest'
import { againContract } from './again.ts'
import { deadLettersContract } from './dead-letters.ts'
import { faultsContract } from './faults.ts'
import { type Harness, kitOf } from './kit.ts'
import { readingContract } from './reading.ts'
import { schedulesContract } from './schedules.ts'
import { stepsContract } from './steps.ts'

/** The contract of the Stream port. */
export const streamContract = (name: string, harness: Harness): void => {
  const kit = kitOf(harness)
  describe(name, () => {
    readingContract(kit)
    againContract(kit)
    deadLettersContract(kit)
    schedulesContract(kit)
    stepsContract(kit)
    faultsContract(kit)
  })
}
