import type { Counts, InboxItem } from '@carillon/schemas'
import type { LitElement } from 'lit'
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
import { currentToken } from './current-token.ts'
import { useOptionalClient } from './provider.ts'

type Lifecycle = keyof LitElement | 'render' | 'updated' | 'willUpdate'

/** The settings of the element. Each has its attribute, which a server also renders, or null if it is set as a property. */
const SETTINGS = {
  ...{
    url: 'url',
    tokenUrl: 'token-url',
    context: 'context',
    locale: 'locale',
    theme: 'theme',
    mode: 'mode',
    density: 'density',
  },
  ...{ faviconBadge: 'favicon-badge', pushWorker: 'push-worker', titleBadge: null, sound: null, open: null },
  ...{ token: null, client: null, push: null, strings: null, navigate: null, renderItem: null },
} as const satisfies Record<Exclude<keyof BellElement, Lifecycle>, string | null>
type Settings = Pick<BellElement, keyof typeof SETTINGS>

/** The attributes, properties and events of `<notification-bell>`, and common attributes of elements. */
export type NotificationBellProps = Partial<Settings> & {
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
const useProperties = (element: { current: BellElement | null }, wanted: Partial<Settings>) => {
  const given = useRef<Partial<Settings>>({})
  useEffect(() => {
    for (const [name, attribute] of Object.entries(SETTINGS) as [keyof Settings, string | null][]) {
      // The user may have closed the panel since `open` was set.
      if (attribute || given.current[name] === wanted[name]) continue
      Object.assign(element.current!, { [name]: wanted[name] })
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
    const { id, className, style, children, token, tokenUrl } = props
    const element = useRef<BellElement>(null)
    const latest = useRef(props)
    const provided = useOptionalClient()
    const client = props.client ?? (token || tokenUrl ? undefined : provided)
    // A new function would make the element reconnect.
    const [ask] = useState(() => currentToken(() => latest.current.token))
    useImperativeHandle(forwarded, () => element.current!, [])
    useEffect(() => {
      latest.current = props
    })
    useProperties(element, { ...props, client, token: typeof token === 'function' ? ask : token })
    useEffect(() => {
      const off = new AbortController()
      for (const [name, handler] of HANDLERS)
        element.current!.addEventListener(name, (event) => latest.current[handler]?.(event as never), off)
      void define()
      return () => off.abort()
    }, [])

    const attributes = Object.entries(SETTINGS).flatMap(([name, attribute]) =>
      attribute ? [[attribute, props[name as keyof Settings]]] : [],
    )
    const common = { ref: element, id, class: className, style }
    return createElement('notification-bell', { ...common, ...Object.fromEntries(attributes) }, children)
  })
