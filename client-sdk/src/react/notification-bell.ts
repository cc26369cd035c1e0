import type { Counts, InboxItem } from '@carillon/schemas'
import {
  type CSSProperties,
  createElement,
  type ForwardRefExoticComponent,
  forwardRef,
  type ReactNode,
  type RefAttributes,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import type { NotificationBell as BellElement } from '../bell/element.ts'
import type { CarillonError } from '../http/error.ts'
import { useOptionalClient } from './provider.ts'

/** What is set by attributes, which a server renders too. */
type Attributes = Pick<
  BellElement,
  'url' | 'tokenUrl' | 'locale' | 'theme' | 'mode' | 'density' | 'sound' | 'titleBadge' | 'faviconBadge'
>
type Properties = Pick<BellElement, 'token' | 'client' | 'open' | 'strings' | 'navigate' | 'renderItem'>

/** The attributes and properties of `<notification-bell>`, its events, and what every element has. */
export type NotificationBellProps = Partial<Attributes & Properties> & {
  onNotification?: (event: CustomEvent<InboxItem>) => void
  /** Called with the item whose link was clicked. `event.preventDefault()` keeps the page from following the link. */
  onItemClick?: (event: CustomEvent<InboxItem>) => void
  onCounts?: (event: CustomEvent<Counts>) => void
  onError?: (event: CustomEvent<CarillonError>) => void
  id?: string
  className?: string
  style?: CSSProperties
  /** Elements with `slot="icon"`, `header`, `footer` or `empty`. */
  children?: ReactNode
}

const HANDLERS = [
  ['notification', 'onNotification'],
  ['item-click', 'onItemClick'],
  ['counts', 'onCounts'],
  ['error', 'onError'],
] as const

/** Loads and registers the element. */
const define = async () => {
  try {
    const { defineNotificationBell } = await import('../bell/element.ts')
    defineNotificationBell()
  } catch (error) {
    console.error('<notification-bell> cannot be loaded.', error)
  }
}

/** Sets properties when they change: React 18 sets attributes only, and React 19 no properties before the element is defined. */
const useProperties = (element: { current: BellElement | null }, wanted: Partial<Properties>) => {
  const given = useRef<Partial<Properties>>({})
  useEffect(() => {
    for (const [name, value] of Object.entries(wanted)) {
      // The user may have closed what `open` opened.
      if (given.current[name as keyof Properties] === value) continue
      Object.assign(element.current!, { [name]: value })
    }
    given.current = wanted
  })
}

/**
 * `<notification-bell>` as a component. Below a provider it uses the provider's client; otherwise it needs `url`, and `token`
 * or `tokenUrl`. The element is loaded when the component is mounted, so a server renders it empty.
 */
export const NotificationBell: ForwardRefExoticComponent<NotificationBellProps & RefAttributes<BellElement>> =
  forwardRef<BellElement, NotificationBellProps>((props, forwarded) => {
    const { id, className, style, children, url, tokenUrl, locale, theme, mode, density, token } = props
    const { open, strings, navigate, renderItem, sound, titleBadge, faviconBadge } = props
    const element = useRef<BellElement>(null)
    const latest = useRef(props)
    const provided = useOptionalClient()
    const client = props.client ?? (token || tokenUrl ? undefined : provided)
    // A new function would make the element connect again.
    const [ask] = useState(() => async () => {
      const { token: source } = latest.current
      return typeof source === 'function' ? source() : (source ?? '')
    })
    useImperativeHandle(forwarded, () => element.current!, [])
    useEffect(() => {
      latest.current = props
    })
    useProperties(element, {
      token: typeof token === 'function' ? ask : token,
      ...{ client, open, strings, navigate, renderItem },
    })
    useEffect(() => {
      const off = new AbortController()
      for (const [name, handler] of HANDLERS)
        element.current!.addEventListener(name, (event) => latest.current[handler]?.(event as never), off)
      void define()
      return () => off.abort()
    }, [])

    const attributes = {
      id,
      class: className,
      style,
      url,
      'token-url': tokenUrl,
      locale,
      theme,
      mode,
      density,
      sound: sound ? '' : undefined,
      'title-badge': titleBadge ? '' : undefined,
      'favicon-badge': faviconBadge,
    }
    return createElement('notification-bell', { ref: element, ...attributes }, children)
  })
