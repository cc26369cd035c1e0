/** `nats --server URL pub SUBJECT BODY`, the one command of the NATS CLI that is documented, over JetStream. */
import { parseArgs } from 'node:util'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

const { values, positionals } = parseArgs({ options: { server: { type: 'string' } }, allowPositionals: true })
const [verb, subject = '', body = '', ...rest] = positionals
if (verb !== 'pub' || rest.length > 0) throw new Error(`not understood: ${positionals.join(' ')}`)
const nats = await connect({ servers: values.server })
await jetstream(nats).publish(subject, body)
await nats.drain()
