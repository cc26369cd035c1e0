import type { LiveServer } from './server.ts'

type Connections = Pick<ReturnType<LiveServer['of']>, 'adapter' | 'sockets'>

/**
 * Sends a frame to the connections in a room. It passes through the buffers of Engine.IO, whose length bounds what a slow client
 * has not read.
 */
export const sendFrame = ({ adapter, sockets }: Connections, room: string, frame: Buffer): void => {
  const options = { compress: false, wsPreEncodedFrame: [frame] }
  for (const id of adapter.rooms.get(room) ?? []) sockets.get(id)?.conn.write('', options)
}
