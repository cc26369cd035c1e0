import type { Issue, Notification } from '@carillon/schemas'
import { planFaults } from '../expression/expression-faults.ts'
import { planKeyFaults } from '../template/check-window-keys.ts'

/** Returns the faults that a notification has by itself: of its plan, and that it replaces items without an entity. */
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
