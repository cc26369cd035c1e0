/**
 * The service worker of pages on the hub's origin. A classic script that only adds listeners, so that a worker of your own can
 * import it with `importScripts`.
 * @module
 */
import { handlePush } from './push-worker.ts'

handlePush()
