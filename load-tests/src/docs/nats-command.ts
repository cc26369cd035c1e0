/** Implements `nats --server URL pub SUBJECT BODY`, the only documented command of the NATS CLI, with JetStream. */
import { parseArgs } from 'node:util'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const { values, positionals } = parseArgs({ options: { server: { type: 'string' } }, allowPositionals: true })
const [verb, subject = '', body = '', ...rest] = positionals
if (verb !== 'pub' || rest.length > 0) throw new Error(`unsupported command: ${positionals.join(' ')}`)
const nats = await connect({ servers: values.server })
await jetstream(nats).publish(subject, body)
await nats.drain()
