import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { natsServerPath, startNatsServer } from '../../nats/testing/server.ts'
import { connectNats, inspectStreams, jetstreamStream } from '../jetstream.ts'

const path = natsServerPath()

test.skipIf(!path)('inspecting an account names missing streams and creates none', async () => {
  const server = await startNatsServer(path ?? '')
  const connection = await connectNats(server.url, 'test')
  try {
    const place = { connection, namespace: 'one', ownStreams: ['acme'] }
    expect(await inspectStreams(place)).toEqual(['NOTIFY_one', expect.stringMatching(/acme/), 'WORK_one'])
    const manager = await jetstreamManager(connection)
    expect(await manager.streams.list().next()).toEqual([])
    const stream = await jetstreamStream(place)
    expect(await inspectStreams(place)).toEqual([])
    await expect(inspectStreams({ connection, namespace: 'two' })).rejects.toThrow(
      /belongs to the installation one/,
    )
    await stream.close()
  } finally {
    await connection.close()
    await server.end()
  }
})
