import { refuse } from './settings.ts'

/** A port from a flag, the environment or a default. */
export const choosePort = (
  flag: string | undefined,
  configured: number | undefined,
  otherwise: number,
): number => {
  if (flag === undefined) return configured ?? otherwise
  const port = Number(flag)
  return Number.isInteger(port) && port >= 1 && port <= 65_535
    ? port
    : refuse(`--port ${JSON.stringify(flag)} is not a port; it is a number from 1 to 65535`)
}
