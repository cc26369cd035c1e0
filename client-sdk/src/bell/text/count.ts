/** Formats a number of unread items: `99+` from 100. */
export const countText = ({ unread, more }: { unread: number; more?: boolean | undefined }): string =>
  more || unread > 99 ? '99+' : String(unread)
