import { locate, type Tool } from './tools.ts'

/** Returns the title of a test, and whether it is skipped because a tool is missing. */
export const needing = (title: string, ...tools: Tool[]): { title: string; skip: boolean } => {
  const missing = tools.map(locate).find((tool) => tool.path === undefined)
  return missing && 'reason' in missing
    ? { title: `${title} (skipped: ${missing.reason})`, skip: true }
    : { title, skip: false }
}
