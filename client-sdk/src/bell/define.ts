import { defineNotificationBell } from './element.ts'

export * from '../index.ts'
export * from './element.ts'

defineNotificationBell()
