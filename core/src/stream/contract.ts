import { describe } from 'vitest'
import { againContract } from './contract/again.ts'
import { deadLettersContract } from './contract/dead-letters.ts'
import { faultsContract } from './contract/faults.ts'
import { type Harness, kitOf } from './contract/kit.ts'
import { readingContract } from './contract/reading.ts'
import { schedulesContract } from './contract/schedules.ts'
import { stepsContract } from './contract/steps.ts'

/** What every event log keeps to. */
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
