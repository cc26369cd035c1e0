import { refuse } from './command-error.ts'

const WHY: Record<string, string> = {
  EADDRINUSE:
    'another process is listening there; stop it, or choose another port with --port or CARILLON_PORT',
  EACCES: 'this user is not allowed to; choose a port above 1023 with --port or CARILLON_PORT',
  EADDRNOTAVAIL: 'this machine does not have that address; change CARILLON_HOST',
  ENOTFOUND: 'this host name is unknown; change CARILLON_HOST',
}

type ListenError = NodeJS.ErrnoException & { address?: string; hostname?: string; port?: number }

/** Reports an address that cannot be listened on in one sentence, and exits. Throws any other error. */
export const refuseTakenAddress = (error: ListenError): never => {
  const { code = '', syscall = '', address, hostname, port } = error
  const why = WHY[code]
  if (why === undefined || !['listen', 'getaddrinfo'].includes(syscall)) throw error
  const host = address ?? hostname ?? ''
  const at = `${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`
  return refuse(`cannot listen on ${at}: ${why}`)
}
