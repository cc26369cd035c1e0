import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { documentedPages } from './blocks.ts'
import { ROOT } from './run.ts'

const PAGES = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...documentedPages(ROOT)]

/** Removes code, which has no links or headings. */
const proseOf = (markdown: string) =>
  markdown.replaceAll(/^\s*```.*?^\s*```/gms, '').replaceAll(/`[^`\n]*`/g, '')

/** Returns the anchors of a page's headings, as GitHub generates them. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.replaceAll(/^\s*```.*?^\s*```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

it.each(PAGES)('%s links to pages, files and headings that exist', (page) => {
  const markdown = readFileSync(join(ROOT, page), 'utf8')
  const links = [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  )
  const broken = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && !anchorsOf(readFileSync(join(ROOT, target), 'utf8')).includes(anchor)
  })
  expect(broken).toEqual([])
})

/** A path of the repository, in backquotes. Patterns with braces or angle brackets are not paths. */
const PATH = /`((?:cli|client-sdk|core|deploy|dispatcher|docs|hub|load-tests|schemas)\/[\w./-]+)`/g

it.each(PAGES.filter((page) => page !== 'CHANGELOG.md'))('%s names files that exist', (page) => {
  const markdown = readFileSync(join(ROOT, page), 'utf8')
  const paths = [...markdown.matchAll(PATH)].map(([, path = '']) => path)
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
