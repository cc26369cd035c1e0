'use client'
/**
 * React 18 and 19: a provider, hooks, and `<NotificationBell>`. Everything renders on a server, where nothing is requested.
 * @module
 */
export { NotificationBell, type NotificationBellProps } from './notification-bell.ts'
export { CarillonProvider, type CarillonProviderProps, useClient } from './provider.ts'
export { useClientEvent, useNotification } from './use-client-event.ts'
export { useConnection } from './use-connection.ts'
export { useCounts } from './use-counts.ts'
export { useCountsBy } from './use-counts-by.ts'
export { type UseFeed, useFeed } from './use-feed.ts'
export { type UsePreferences, usePreferences } from './use-preferences.ts'
