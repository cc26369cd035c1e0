import { useCallback, useSyncExternalStore } from 'react'
import type { ConnectionState } from '../live/connection.ts'
import { useClient } from './provider.ts'

/** Returns the state of the live connection. */
export const useConnection = (): ConnectionState => {
  const client = useClient()
  const subscribe = useCallback((listener: () => void) => client.on('connection', listener), [client])
  return useSyncExternalStore(
    subscribe,
    () => client.connection,
    () => 'connecting',
  )
}
