import { connect, type Socket } from 'node:net'

/** `body` is JSON unless `headers` has another `content-type`. Names in `headers` are lower-case. */
export type HttpRequest = {
  method: string
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
}

type HttpResponse = { status: number; text: string }

export type KeepAlive = {
  /**
   * Sends a request on an idle connection. Waits for one if all are in use. Rejects if its connection is lost, or after
   * `patienceMs`.
   */
  request(request: HttpRequest): Promise<HttpResponse>
  close(): void
}

type Pending = { since: number; resolve(response: HttpResponse): void; reject(error: Error): void }

const PATIENCE_MS = 30_000

const HEAD_END = '\r\n\r\n'
const NO_CONTENT = 204
const CHUNKS_END = '0\r\n\r\n'

/** Returns the response at the beginning of `data`; undefined if it is incomplete. */
const readResponse = (data: string): HttpResponse | undefined => {
  const end = data.indexOf(HEAD_END)
  if (end < 0) return undefined
  const head = data.slice(0, end)
  const body = data.slice(end + HEAD_END.length)
  const status = Number(head.slice(9, 12))
  if (status === NO_CONTENT) return { status, text: '' }
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (length !== undefined) return body.length < Number(length) ? undefined : { status, text: body }
  return body.endsWith(CHUNKS_END) ? { status, text: body } : undefined
}

/**
 * Opens HTTP/1.1 keep-alive connections, each with one request at a time, as in backends. A connection that the server closed
 * while idle is opened again when it is needed. Uses plain sockets, because an HTTP client would take processor time from the
 * server.
 */
export const openKeepAlive = async (
  url: string,
  connections: number,
  patienceMs = PATIENCE_MS,
): Promise<KeepAlive> => {
  const { hostname, port, host } = new URL(url)
  const open = new Set<Socket>()
  const idle: Socket[] = []
  const pending = new Map<Socket, Pending>()
  const waiting: { request: HttpRequest; pending: Pending }[] = []
  let opening = 0

  const write = (socket: Socket, { method, path, headers, body }: HttpRequest, caller: Pending) => {
    pending.set(socket, caller)
    const all = {
      host,
      'content-type': 'application/json',
      ...headers,
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    }
    let lines = ''
    for (const [name, value] of Object.entries(all)) lines += `${name}: ${value}\r\n`
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${body ?? ''}`)
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
      const socket = connect(Number(port || 80), hostname, () => {
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

  /** One timer for all requests, because a timer each would take processor time from the server. */
  const watch = setInterval(() => {
    const since = performance.now() - patienceMs
    const late = new Error(`${url} did not respond within ${patienceMs / 1_000} s`)
    for (const [socket, caller] of pending) if (caller.since < since) socket.destroy(late)
    while (waiting[0] && waiting[0].pending.since < since) waiting.shift()?.pending.reject(late)
  }, patienceMs / 10)

  const close = () => {
    clearInterval(watch)
    for (const socket of open) socket.destroy()
  }
  try {
    await Promise.all(Array.from({ length: connections }, connectOne))
  } catch (error) {
    close()
    throw error
  }
  return {
    request: (request) =>
      new Promise((resolve, reject) => {
        const caller = { since: performance.now(), resolve, reject }
        const socket = idle.pop()
        if (socket) return write(socket, request, caller)
        waiting.push({ request, pending: caller })
        if (open.size + opening < connections) connectOne().catch(reject)
      }),
    close,
  }
}
