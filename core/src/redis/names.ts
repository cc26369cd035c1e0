/** The keys and channels of one installation in Redis: several may share a server without hearing each other. */
export const redisNames = (namespace: string) => {
  const key = (name: string) => `carillon:${namespace}:${name}`
  /** What Socket.IO's sharded adapter puts before its channels. */
  const channelPrefix = key('rooms')
  return {
    key,
    channelPrefix,
    /** The channel of a room, as that adapter names it. */
    channelOf: (room: string) => `${channelPrefix}#/#${room}#`,
  }
}
