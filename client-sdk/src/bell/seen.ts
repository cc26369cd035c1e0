const VISIBLE_MS = 1_000

/**
 * Reports the ids of items that the user has seen: half of the item, or half of the list, was on screen for a second while the
 * page was visible and focused. Ids are reported in batches.
 */
export const createSeen = (report: (ids: string[]) => void) => {
  const since = new Map<Element, number>()
  let timer: ReturnType<typeof setInterval> | undefined
  let observer: IntersectionObserver | undefined

  const onScreen = (
    { isIntersecting, intersectionRatio, intersectionRect }: IntersectionObserverEntry,
    list: Element | null,
  ) =>
    isIntersecting &&
    (intersectionRatio >= 0.5 ||
      intersectionRect.height >= Math.min(list?.clientHeight ?? innerHeight, innerHeight) / 2)

  const collect = () => {
    const now = Date.now()
    if (document.visibilityState !== 'visible' || !document.hasFocus()) {
      for (const element of since.keys()) since.set(element, now)
      return
    }
    const ids: string[] = []
    for (const [element, start] of since) {
      if (now - start < VISIBLE_MS) continue
      since.delete(element)
      observer?.unobserve(element)
      // A closed dialog has no item.
      const { id } = (element as HTMLElement).dataset
      if (id) ids.push(id)
    }
    if (ids.length > 0) report(ids)
  }

  return {
    /**
     * Watches items of a list, or elsewhere if `list` is null. Watching an item again does not restart its time.
     */
    watch(list: Element | null, articles: Iterable<Element>) {
      observer ??= new IntersectionObserver(
        (entries) => {
          for (const entry of entries) {
            if (!onScreen(entry, list)) since.delete(entry.target)
            else if (!since.has(entry.target)) since.set(entry.target, Date.now())
          }
        },
        // The root is the viewport, because the page may scroll instead of the list.
        { threshold: [0, 0.25, 0.5, 0.75, 1] },
      )
      for (const article of articles) observer.observe(article)
      timer ??= setInterval(collect, VISIBLE_MS)
    },
    stop() {
      clearInterval(timer)
      timer = undefined
      observer?.disconnect()
      observer = undefined
      since.clear()
    },
  }
}
