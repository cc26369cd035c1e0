import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, platform, release, totalmem } from 'node:os'

/** Returns ms on a clock that all processes of this machine share. */
export const clock = (): number => Number(process.hrtime.bigint()) / 1e6

/** Linux reports processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100
const hasProc = existsSync('/proc/self/stat')

/** Returns the processor time of a process, ms; undefined without /proc. */
const processorMs = (pid: number): number | undefined => {
  if (!hasProc) return
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}

/**
 * Starts measuring. The returned function returns the processor time of each process since then, in µs per
 * `count`.
 */
export const processorTimer = (processes: Record<string, number>) => {
  const times = () =>
    Object.entries(processes).flatMap(([name, pid]): [string, number][] => {
      const ms = processorMs(pid)
      return ms === undefined ? [] : [[name, ms]]
    })
  const before = new Map(times())
  return (count: number): Record<string, number> =>
    Object.fromEntries(times().map(([name, ms]) => [name, ((ms - (before.get(name) ?? ms)) * 1_000) / count]))
}

const statusBytes = (pid: number, field: 'VmHWM' | 'VmRSS') => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status) ?? []
  return Number(kilobytes) * 1_024
}

/** Returns the resident memory of a process, bytes. Linux only. */
export const residentBytes = (pid: number): number => statusBytes(pid, 'VmRSS')

/** Returns the peak resident memory of a process since `forgetPeak`, bytes. Linux only. */
export const peakBytes = (pid: number): number => statusBytes(pid, 'VmHWM')

export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

const cpuTimes = () => {
  const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/) ?? []
  const numbers = times.map(Number)
  return { stolen: numbers[7] ?? 0, all: numbers.slice(0, 8).reduce((sum, each) => sum + each, 0) }
}

/** Returns the name of the operating system, such as `Debian GNU/Linux 12`. */
const systemName = () => {
  const file = '/etc/os-release'
  const [, name] = (existsSync(file) && /^PRETTY_NAME="(.+)"$/m.exec(readFileSync(file, 'utf8'))) || []
  return [name, platform(), release()].filter((part) => part !== undefined).join(' ')
}

/** Describes the machine in one line. `steal` reports how much processor time the hypervisor took. */
export const describeMachine = (): { line: string; steal(): string } => {
  const [first] = cpus()
  const before = hasProc ? cpuTimes() : undefined
  const line = [
    `${cpus().length} × ${first?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    systemName(),
    `node ${process.version}`,
    `load ${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
  ].join(', ')
  const steal = () => {
    if (!before) return 'steal unknown'
    const now = cpuTimes()
    return `steal ${((100 * (now.stolen - before.stolen)) / Math.max(1, now.all - before.all)).toFixed(1)} %`
  }
  return { line, steal }
}
