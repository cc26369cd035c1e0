import type { Message } from './port.ts'

/** The messages that a reader can take, and the listener that is called when the first one arrives. */
export const readyMessages = () => {
  let ready: Message[] = []
  let listener = () => {}
  return {
    get count() {
      return ready.length
    },
    /** The listener is called in a microtask, so that messages that arrive together form one batch. */
    push: (message: Message): void => {
      if (ready.push(message) === 1) queueMicrotask(() => listener())
    },
    take: (max: number): Message[] => ready.splice(0, max),
    onReady: (given: () => void): void => {
      listener = given
      if (ready.length > 0) queueMicrotask(given)
    },
    /** Takes all messages, to return them to the queue. */
    takeAll: (): Message[] => {
      const untaken = ready
      ready = []
      return untaken
    },
  }
}
