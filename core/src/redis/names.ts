/** Returns the names of an installation's keys and channels, so that several installations can share a Redis. */
export const redisNames = (namespace: string) => {
  const key = (name: string) => `carillon:${namespace}:${name}`
  /** The channel prefix of Socket.IO's sharded adapter. */
  const channelPrefix = key('rooms')
  return {
    key,
    channelPrefix,
    /** Returns the channel that the adapter uses for a room. */
    channelOf: (room: string) => `${channelPrefix}#/#${room}#`,
  }
}
