import { Client, policies, types } from 'cassandra-driver'

/** A client that connects on first use, and the keyspace of the tables. */
export type CassandraConnection = {
  client: Client
  keyspace: string
  /** Replicas by data center, used when the keyspace is created. */
  replication: Map<string, number>
}

const URL_FORM =
  /^cassandra:\/\/(?:(?<username>[^:@/]+):(?<password>[^@/]*)@)?(?<hosts>[^/@?]+)\/(?<keyspace>[a-z][a-z0-9_]{0,47})(?:\?(?<query>.*))?$/

const TIMEOUT_MS = 5_000

/** Parses `rf`. Returns undefined if it is neither a number nor a list with this data center. */
const replicasOf = (rf: string, dataCenter: string): Map<string, number> | undefined => {
  const list = /^\d+$/.test(rf) ? `${dataCenter}:${rf}` : rf
  const replicas = new Map<string, number>()
  for (const entry of list.split(',')) {
    const [, name, factor] = /^([\w.-]+):([1-9])$/.exec(entry) ?? []
    if (!name || !factor) return undefined
    replicas.set(name, Number(factor))
  }
  return replicas.has(dataCenter) ? replicas : undefined
}

/**
 * Parses `cassandra://[user:password@]host[:port][,host…]/keyspace[?dc=datacenter1&rf=1]`. `dc` is the data
 * center of this process; `rf` its replicas, or those of several data centers (`rf=eu:3,us:3`). Does not
 * connect yet. Throws an Error, without the password, if the URL is malformed.
 */
export const connectCassandra = (url: string): CassandraConnection => {
  const { username, password, hosts, keyspace, query } = URL_FORM.exec(url)?.groups ?? {}
  const options = new URLSearchParams(query)
  const dataCenter = options.get('dc') ?? 'datacenter1'
  const replication = replicasOf(options.get('rf') ?? '1', dataCenter)
  const unknown = [...options.keys()].filter((key) => key !== 'dc' && key !== 'rf')
  if (!hosts || !keyspace || unknown.length > 0 || !replication)
    throw new Error(
      'a Cassandra URL has the form cassandra://host[,host][:port]/keyspace?dc=datacenter1&rf=1, or rf=eu:3,us:3',
    )
  // A port after the last host applies to all.
  const port = Number(/:(\d+)$/.exec(hosts)?.[1] ?? 9042)
  const client = new Client({
    contactPoints: hosts.split(','),
    localDataCenter: dataCenter,
    protocolOptions: { port },
    ...(username
      ? {
          credentials: {
            username: decodeURIComponent(username),
            password: decodeURIComponent(password ?? ''),
          },
        }
      : {}),
    queryOptions: { prepare: true, consistency: types.consistencies.localQuorum, isIdempotent: true },
    socketOptions: { connectTimeout: TIMEOUT_MS, readTimeout: TIMEOUT_MS },
    // The default waits up to ten minutes before it reconnects.
    policies: { reconnection: new policies.reconnection.ExponentialReconnectionPolicy(250, 5_000) },
    // A Map, because plain objects cannot contain keys such as __proto__.
    encoding: { map: Map, set: Set },
    monitorReporting: { enabled: false },
  })
  return { client, keyspace, replication }
}
