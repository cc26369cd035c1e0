import { expect, test } from 'vitest'
import { DEAD_LETTER_MAX_BYTES } from '../port.ts'
import type { Kit } from './kit.ts'

/** The contract of dead letters. */
export const deadLettersContract = (kit: Kit): void => {
  const { world, tenant, queue, subject, bytes, text, notify, publishOnce, take } = kit

  test('stores a dead letter once, with its reason, and no other message', async () => {
    const { stream } = await world()
    await stream.publish([notify('before'), notify('bad'), notify('after')])
    const reader = await stream.read(queue, { buffer: 10 })
    const [before, bad, after] = await take(reader, 3)
    if (!before || !bad || !after) throw new Error('three were published')
    const letter = {
      message: bad,
      reason: { code: 'invalid_request', detail: ' no\r\nCarillon-Code: title – ünïcode ' },
    } as const
    const start = Date.now()
    await reader.deadLetter([letter])
    await reader.deadLetter([letter])
    const letters = await stream.deadLetters({ tenant, limit: 10 })
    expect(letters).toEqual([
      {
        sequence: expect.any(Number),
        tenant,
        queue,
        subject,
        reason: { code: 'invalid_request', detail: 'no Carillon-Code: title – ünïcode' },
        data: expect.anything(),
        truncated: false,
        origin: bad.sequence,
        deadLetteredAt: expect.any(Number),
      },
    ])
    expect(letters.map(text)).toEqual(['bad'])
    expect(letters[0]?.deadLetteredAt).toBeGreaterThanOrEqual(start - 1)
    await reader.retry([before, after], 0)
    expect((await take(reader, 2)).map(text).sort()).toEqual(['after', 'before'])
  })

  test('stores one letter for repeated messages, and one per content', async () => {
    const { stream } = await world()
    await stream.publish([notify('bad', 'm1')])
    await publishOnce(stream, notify('bad', 'm1'))
    await publishOnce(stream, notify('other', 'm1'))
    await stream.publish([notify('bad', 'm2')])
    const reader = await stream.read(queue, { buffer: 10 })
    const reason = { code: 'internal', detail: 'why' } as const
    for (const message of await take(reader, 4)) await reader.deadLetter([{ message, reason }])
    expect((await stream.deadLetters({ tenant, limit: 10 })).map(text)).toEqual(['bad', 'other', 'bad'])
  })

  test('keeps the headers of a message unless they are too large', async () => {
    const { stream } = await world()
    const headers = new Map([['ce-id', 'e1']])
    const many = new Map([['ce-id', 'x'.repeat(20_000)]])
    await stream.publish([
      { ...notify('few'), headers },
      { ...notify('many'), headers: many },
    ])
    const reader = await stream.read(queue, { buffer: 10 })
    const reason = { code: 'invalid_request', detail: 'why' } as const
    await reader.deadLetter((await take(reader, 2)).map((message) => ({ message, reason })))
    const [few, cut] = await stream.deadLetters({ tenant, limit: 10 })
    expect([few?.headers, few?.truncated]).toEqual([headers, false])
    expect([cut?.headers, cut?.truncated]).toEqual([undefined, true])
  })

  test('lists dead letters by tenant and position, truncates large ones, and files invalid tenants under _', async () => {
    const { stream, restart } = await world()
    const large = new Uint8Array(DEAD_LETTER_MAX_BYTES + 1).fill(7)
    const strange = { subject: 'notify.not@tenant.normal.x', data: bytes('strange') }
    await stream.publish([notify('a'), strange, { subject, data: large }])
    const reader = await stream.read(queue, { buffer: 10 })
    const reason = { code: 'subject_invalid', detail: 'why' } as const
    for (const message of await take(reader, 3)) await reader.deadLetter([{ message, reason }])

    const kept = await restart()
    const all = await kept.deadLetters({ limit: 10 })
    expect(all.map((letter) => letter.tenant)).toEqual([tenant, '_', tenant])
    expect(all.map(({ data, truncated }) => [data.length, truncated])).toEqual([
      [1, false],
      [7, false],
      [DEAD_LETTER_MAX_BYTES, true],
    ])
    const second = await kept.deadLetters({ tenant, from: (all[0]?.sequence ?? 0) + 1, limit: 10 })
    expect(second.map(({ sequence }) => sequence)).toEqual([all[2]?.sequence])
    expect(await kept.deadLetters({ tenant, limit: 1 })).toHaveLength(1)
    expect(await kept.deadLetters({ tenant: 'nobody', limit: 10 })).toEqual([])
    expect(await kept.deadLetters({ tenant: 'not@tenant', limit: 10 })).toEqual([])
  })

  test('returns a dead letter only to its tenant, until it is removed', async () => {
    const { stream, restart } = await world()
    const strange = { subject: 'notify.not@tenant.normal.x', data: bytes('strange') }
    await stream.publish([notify('mine'), strange, notify('other')])
    const reader = await stream.read(queue, { buffer: 10 })
    const reason = { code: 'internal', detail: 'why' } as const
    for (const message of await take(reader, 3)) await reader.deadLetter([{ message, reason }])
    const letters = await stream.deadLetters({ limit: 10 })
    const [mine = 0, unknown = 0, other = 0] = letters.map(({ sequence }) => sequence)
    expect(await stream.deadLetter(tenant, mine)).toEqual(letters[0])
    expect(await stream.deadLetter('_', unknown)).toEqual(letters[1])
    expect(await stream.deadLetter(`${tenant}x`, mine)).toBeUndefined()
    expect(await stream.deadLetter(tenant, unknown)).toBeUndefined()
    expect(await stream.deadLetter('not@tenant', unknown)).toBeUndefined()
    for (const nowhere of [0, -1, other + 1, 2 ** 50])
      expect(await stream.deadLetter(tenant, nowhere)).toBeUndefined()

    await stream.removeDeadLetter(mine)
    for (const gone of [mine, other + 1, 0])
      await expect(stream.removeDeadLetter(gone)).resolves.toBeUndefined()
    expect(await stream.deadLetter(tenant, mine)).toBeUndefined()
    const kept = await restart()
    expect((await kept.deadLetters({ limit: 10 })).map(text)).toEqual(['strange', 'other'])
    expect(await kept.deadLetter(tenant, other)).toEqual(letters[2])
  })
}
