import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A fenced code block of a page. An HTML comment on the previous line may say how to run it:
 *
 *     <!-- not run: why -->                 for diagrams, and for commands that change the machine
 *     <!-- exits with 1: why -->            for a shell block whose last command fails
 *     <!-- serves http://localhost:3000 --> for a program that runs until it is stopped
 */
export type Block = {
  /** `README.md:30`, for test names. */
  name: string
  page: string
  language: string
  text: string
  notRun?: string
  exitCode: number
  serves?: string
}

const FENCE = /^\s*```(\S*)/
const COMMENT = /^\s*<!--\s*(.*?)\s*-->\s*$/

const readHint = (name: string, hint: string | undefined): Pick<Block, 'notRun' | 'exitCode' | 'serves'> => {
  const [, notRun] = /^not run: (.+)$/.exec(hint ?? '') ?? []
  const [, exitCode] = /^exits with (\d+): .+$/.exec(hint ?? '') ?? []
  const [, serves] = /^serves (http:\S+)$/.exec(hint ?? '') ?? []
  if (hint !== undefined && notRun === undefined && exitCode === undefined && serves === undefined)
    throw new Error(`${name}: the comment before the block is not listed in CONTRIBUTING.md: ${hint}`)
  return { notRun, exitCode: Number(exitCode ?? 0), serves }
}

/** Returns the fenced blocks of a page, in order. Throws if a fence is not closed. */
export const blocksOf = (page: string, markdown: string): Block[] => {
  const blocks: Block[] = []
  let open: { line: number; language: string; hint: string | undefined; text: string[] } | undefined
  let before = ''
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, language] = FENCE.exec(line) ?? []
    if (language === undefined) open?.text.push(line)
    else if (open) {
      const name = `${page}:${open.line}`
      const text = `${open.text.join('\n')}\n`
      blocks.push({ name, page, language: open.language, text, ...readHint(name, open.hint) })
      open = undefined
    } else open = { line: index + 1, language, hint: COMMENT.exec(before)?.[1], text: [] }
    before = line
  }
  if (open) throw new Error(`${page}:${open.line}: the block is not closed`)
  return blocks
}

/** The pages whose blocks are run: README.md, the README.md of each workspace, and all pages in docs. */
export const documentedPages = (root: string): string[] => {
  const workspaces = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const readmes = ['README.md', ...workspaces.map(({ name }) => `${name}/README.md`)]
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((file) => `docs/${file}`)
  return [...readmes.filter((page) => existsSync(join(root, page))), ...docs.sort()].filter((page) =>
    page.endsWith('.md'),
  )
}

/** All blocks of these pages. */
export const documentedBlocks = (root: string): Block[] =>
  documentedPages(root).flatMap((page) => blocksOf(page, readFileSync(join(root, page), 'utf8')))
