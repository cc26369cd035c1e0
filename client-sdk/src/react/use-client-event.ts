import type { InboxItem } from '@carillon/schemas'
import { useEffect, useRef } from 'react'
import type { ClientEvents } from '../client/client.ts'
import { useClient } from './provider.ts'

/** Calls the listener for each event of the client while the component is mounted. The listener may change at every render. */
export const useClientEvent = <Name extends keyof ClientEvents>(
  name: Name,
  listener: ClientEvents[Name],
): void => {
  const client = useClient()
  const current = useRef(listener)
  useEffect(() => {
    current.current = listener
  })
  useEffect(
    () => client.on(name, ((value: never) => current.current(value)) as ClientEvents[Name]),
    [client, name],
  )
}

/** Calls the listener once for each notification that arrives, for example to show a toast of the app's own. */
export const useNotification = (listener: (item: InboxItem) => void): void =>
  useClientEvent('notification', listener)
