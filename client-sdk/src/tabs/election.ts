/**
 * Elects one tab among those that use the same name, with the Web Locks API. When the leader closes or crashes, the browser
 * elects the tab that has waited longest.
 */
export const createElection = (name: string, onChange: (leads: boolean) => void) => {
  let waiting: AbortController | undefined
  let release: (() => void) | undefined

  const request = async (options: LockOptions) => {
    try {
      await navigator.locks.request(name, options, () => {
        waiting = undefined
        onChange(true)
        return new Promise<void>((resolve) => {
          release = resolve
        })
      })
    } catch {
      // Another tab took the lead, or the request was withdrawn.
      if (!release) return
      release = undefined
      join()
      onChange(false)
    }
  }

  /** Waits to become the leader. */
  const join = () => {
    if (waiting || release) return
    waiting = new AbortController()
    void request({ signal: waiting.signal })
  }
  const withdraw = () => {
    waiting?.abort()
    waiting = undefined
  }

  return {
    join,
    /** Takes the lead from the current leader, which may be frozen. */
    take() {
      if (release) return
      withdraw()
      void request({ steal: true })
    },
    /** Gives up the lead, or stops waiting for it. */
    leave() {
      withdraw()
      if (!release) return
      release()
      release = undefined
      onChange(false)
    },
  }
}
