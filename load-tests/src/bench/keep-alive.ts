import { connect, type Socket } from 'node:net'

/** An HTTP request. `body` is JSON text. */
type JsonRequest = { path: string; headers?: Readonly<Record<string, string>>; body: string }

type JsonResponse = { status: number; text: string }

export type KeepAlive = {
  /** Sends a POST request on an idle connection. Waits for one if all are in use. Rejects if its connection is lost. */
  post(request: JsonRequest): Promise<JsonResponse>
  close(): void
}

type Pending = { resolve(response: JsonResponse): void; reject(error: Error): void }

const HEAD_END = '\r\n\r\n'
const CHUNKS_END = '0\r\n\r\n'

/** Returns the response at the beginning of `data`; undefined if it is incomplete. */
const readResponse = (data: string): JsonResponse | undefined => {
  const end = data.indexOf(HEAD_END)
  if (end < 0) return undefined
  const head = data.slice(0, end)
  const body = data.slice(end + HEAD_END.length)
  const status = Number(head.slice(9, 12))
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (length !== undefined) return body.length < Number(length) ? undefined : { status, text: body }
  return body.endsWith(CHUNKS_END) ? { status, text: body } : undefined
}

/**
 * Opens HTTP/1.1 keep-alive connections, each with one request at a time, as in backends. A connection that the server closed
 * while idle is opened again when it is needed. Uses plain sockets, because an HTTP client would take processor time from the
 * server.
 */
export const openKeepAlive = async (url: string, connections: number): Promise<KeepAlive> => {
  const { hostname, port, host } = new URL(url)
  const open = new Set<Socket>()
  const idle: Socket[] = []
  const pending = new Map<Socket, Pending>()
  const waiting: { request: JsonRequest; pending: Pending }[] = []
  let opening = 0

  const write = (socket: Socket, { path, headers = {}, body }: JsonRequest, caller: Pending) => {
    pending.set(socket, caller)
    let lines = ''
    for (const [name, value] of Object.entries(headers)) lines += `${name}: ${value}\r\n`
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n${lines}content-length: ${Buffer.byteLength(body)}${HEAD_END}${body}`,
    )
  }

  const next = (socket: Socket) => {
    const following = waiting.shift()
    if (following) write(socket, following.request, following.pending)
    else idle.push(socket)
  }

  const connectOne = () =>
    new Promise<void>((resolve, reject) => {
      opening++
      let data = ''
      const socket = connect(Number(port), hostname, () => {
        opening--
        open.add(socket)
        next(socket)
        resolve()
      })
      socket.setNoDelay(true)
      // Latin-1 has one character per byte, so `content-length` is the number of characters.
      socket.setEncoding('latin1')
      socket.on('data', (chunk) => {
        data += chunk
        const response = readResponse(data)
        if (!response) return
        data = ''
        const caller = pending.get(socket)
        pending.delete(socket)
        next(socket)
        caller?.resolve(response)
      })
      const lost = (error: Error) => {
        if (!open.delete(socket)) opening--
        const place = idle.indexOf(socket)
        if (place >= 0) idle.splice(place, 1)
        reject(error)
        pending.get(socket)?.reject(error)
        pending.delete(socket)
      }
      socket.on('error', (error) => socket.destroy(error))
      socket.once('close', () => lost(socket.errored ?? new Error(`${url} closed a connection`)))
    })

  await Promise.all(Array.from({ length: connections }, connectOne))
  return {
    post: (request) =>
      new Promise((resolve, reject) => {
        const socket = idle.pop()
        if (socket) return write(socket, request, { resolve, reject })
        waiting.push({ request, pending: { resolve, reject } })
        if (open.size + opening < connections) connectOne().catch(reject)
      }),
    close: () => {
      for (const socket of open) socket.destroy()
    },
  }
}
