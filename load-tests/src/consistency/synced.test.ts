import { expect, test } from 'vitest'
import { unsynced } from './synced.ts'
import { systemCalls } from './system-calls.ts'

const hex = (data: string | Buffer) =>
  `"${Array.from(Buffer.from(data), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`
const file = (fd: number, target: string) => `${fd}<${hex(target).slice(1, -1)}>`
const LOG = file(28, '/data/carillon.db-wal')

const frame = (text: string, databaseSize: number) => {
  const header = Buffer.alloc(24)
  header.writeUInt32BE(databaseSize, 4)
  const page = Buffer.alloc(4_096)
  page.write(text, 100)
  return [
    `10 pwrite64(${LOG}, ${hex(header)}, 24, 32) = 24`,
    `10 pwrite64(${LOG}, ${hex(page)}, 4096, 56) = 4096`,
  ]
}
const commit = [...frame('a title', 0), ...frame('', 7)]
const response = `10 writev(${file(35, 'socket:[8]')}, [{iov_base=${hex('HTTP/1.1 202 Accepted\r\n\r\n{"id":"n1"}')}, iov_len=36}, {iov_base="", iov_len=0}], 2) = 36`
const sync = `11 fdatasync(${LOG}) = 0`
const begins = `11 fdatasync(${LOG} <unfinished ...>`
const ends = '11 <... fdatasync resumed>) = 0'

test.each([
  ['a sync in between', [...commit, sync, response], 0],
  ['a sync of another thread that ends in time', [...commit, begins, ends, response], 0],
  ['no sync', [...commit, response], 1],
  ['a sync that began before the commit', [begins, ...commit, ends, response], 1],
  ['a sync in the middle of the transaction', [...commit.slice(0, 2), sync, ...commit.slice(2), response], 1],
  ['a sync that ends after the response', [...commit, begins, response, ends], 1],
  ['a sync that never ends', [...commit, begins, response], 1],
  ['a sync that fails', [...commit, `11 fdatasync(${LOG}) = -1 EIO (Input/output error)`, response], 1],
  ['a sync of another file', [...commit, `11 fdatasync(${file(27, '/data/carillon.db')}) = 0`, response], 1],
  ['a transaction that was not committed', [...commit.slice(0, 2), sync, response], 1],
  ['no response', [...commit, sync], 1],
])('%s: %#', (_, lines, problems) => {
  const accepted = [{ stored: ['a title'], response: '"id":"n1"' }]
  expect(unsynced(systemCalls(lines.join('\n')), accepted)).toHaveLength(problems)
})
