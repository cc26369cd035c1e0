import { locate, type Tool } from './tools.ts'

/** What a test calls itself, and why it does not run here, if so. */
export const needing = (title: string, ...tools: Tool[]): { title: string; skip: boolean } => {
  const missing = tools.map(locate).find((tool) => tool.path === undefined)
  return missing && 'reason' in missing
    ? { title: `${title} (skipped: ${missing.reason})`, skip: true }
    : { title, skip: false }
}
