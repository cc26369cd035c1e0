import type { ServerResponse } from 'node:http'
import { type ProblemCode, problem } from '@carillon/schemas'

/** A problem with which the test hub refuses a request. */
export type Refusal = { code: ProblemCode; headers?: Record<string, string> }

export const reply = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

export const refuse = (response: ServerResponse, { code, headers }: Refusal): void => {
  const about = problem(code, `refused: ${code}`)
  reply(response, about.status, about, headers)
}
