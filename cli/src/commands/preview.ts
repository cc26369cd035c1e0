import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { TypePreview } from '@carillon/schemas'
import { z } from 'zod'
import { parseDocumentFile } from '../catalogue/document.ts'
import { problemLine } from '../catalogue/problem.ts'
import { requireCatalogue } from '../catalogue/read.ts'
import { reportProblems } from '../catalogue/report.ts'
import { previewsOf, showPreview } from '../catalogue/show-preview.ts'
import { refuse } from '../process/command-error.ts'
import { note, say, writeResult } from '../process/output.ts'
import { type HubOptions, hubRequest, readAnswer } from './hub-request.ts'

type Options = HubOptions & {
  sample?: string
  locale?: string
  user?: string
  version?: number
  draft?: true
  dir?: string
  html?: string
}

const dataFrom = async (file: string): Promise<unknown> => {
  const text = await readFile(file, 'utf8').catch((error: Error) => refuse(error.message))
  const parsed = parseDocumentFile(text)
  if ('faults' in parsed)
    return refuse(parsed.faults.map((fault) => problemLine({ file, ...fault })).join('\n'))
  return parsed.value
}

/** Returns a type from the directory. It need not be on the hub. */
const typeFrom = async (dir: string, key: string): Promise<unknown> => {
  const { catalogue, problems } = await requireCatalogue(dir)
  const type = catalogue.get('types')?.get(key)
  if (type) return type.value
  reportProblems(problems)
  return refuse(`${dir} has no type ${key}`)
}

const draftOf = async (options: HubOptions, path: string): Promise<unknown> => {
  const text = await hubRequest(options, { method: 'GET', path: `${path}?version=draft`, expected: 200 })
  const { warnings: _, ...draft } = readAnswer(text, z.looseObject({}))
  return draft
}

/** Returns the name of the HTML file of one locale among several. */
const fileFor = (file: string, locale: string | undefined): string => {
  if (locale === undefined) return file
  const extension = extname(file)
  return `${file.slice(0, file.length - extension.length)}.${locale}${extension}`
}

/** Prints the preview of a type on every channel. */
export const preview = async (key: string, options: Options) => {
  const { sample, locale, user, version, draft, dir, html, ...hub } = options
  const path = `/v1/types/${encodeURIComponent(key)}`
  const unsaved = dir === undefined ? draft && (await draftOf(hub, path)) : await typeFrom(dir, key)
  const body = {
    ...{ locale, user, version },
    ...(unsaved ? { type: unsaved } : {}),
    ...(sample === undefined ? {} : { data: await dataFrom(sample) }),
  }
  const text = await hubRequest(hub, { method: 'POST', path: `${path}/preview`, body, expected: 200 })
  const previews = previewsOf(readAnswer(text, TypePreview))
  say(previews.map(showPreview).join('\n\n\n'))
  if (html === undefined) return
  for (const each of previews) {
    const file = fileFor(html, previews.length > 1 ? each.locale : undefined)
    await writeResult(file, each.email.html)
    note(`wrote the HTML of the e-mail to ${file}`)
  }
}
