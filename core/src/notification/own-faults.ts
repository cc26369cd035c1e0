import type { Issue, Notification } from '@carillon/schemas'
import { planFaults } from '../expression/expression-faults.ts'
import { planKeyFaults } from '../template/check-window-keys.ts'

/** Returns the faults of a notification that do not depend on its type: those of its plan, and `replace` without an entity. */
export const ownFaults = ({
  plan,
  replace,
  entity,
}: Pick<Notification, 'plan' | 'replace' | 'entity'>): Issue[] => [
  ...planFaults(plan),
  ...planKeyFaults(plan),
  ...(replace && entity === undefined
    ? [{ path: ['replace'], message: 'needs an entity: the object whose item is replaced' }]
    : []),
]
