import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { ProblemError } from '@carillon/core/errors'
import type { Context } from 'hono'
import type { Edge } from './application.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/**
 * Returns a function that sends a file of a folder, whose URL ends in a slash, with a content security policy. File names are
 * matched against the folder's listing, so no path can leave it. Throws `not_found`.
 */
export const createPageFiles = (folder: URL, csp: string) => {
  const files = new Set(readdirSync(folder).filter((name) => extname(name) in TYPES))
  return async (c: Context<Edge>, name: string) => {
    if (!files.has(name)) throw new ProblemError('not_found', 'there is nothing at this address')
    return c.body(await readFile(new URL(name, folder)), 200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': csp,
      'cache-control': 'no-cache',
    })
  }
}
