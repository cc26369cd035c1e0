import { CarillonProvider, NotificationBell, useCounts, useFeed } from '@carillon/client/react'

const HUB = import.meta.env.VITE_CARILLON_URL ?? 'http://localhost:4000'

/** A list of the app's own, beside the bell. Both share one connection. */
const Unread = () => {
  const { items, read, readAll } = useFeed({ status: 'unread' })
  const { unread } = useCounts()
  return (
    <main>
      <h2>{unread} unread</h2>
      <button onClick={() => readAll()}>Mark all as read</button>
      <ul>
        {items.map((item) => (
          <li key={item.id}>
            {item.title} <button onClick={() => read(item.id)}>Read</button>
          </li>
        ))}
      </ul>
    </main>
  )
}

export const App = () => (
  <CarillonProvider url={HUB} tokenUrl="/my-token">
    <header>
      <h1>Server-side rendering</h1>
      <NotificationBell onItemClick={(event) => console.log('opened', event.detail.url)} />
    </header>
    <Unread />
  </CarillonProvider>
)
