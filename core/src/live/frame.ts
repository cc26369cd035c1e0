/** The packet types of an Engine.IO message and of a Socket.IO event in it. */
export const EVENT_PACKET = '42'

/** The first byte of a final text frame (RFC 6455). */
const FINAL_TEXT = 0x81
/** The largest texts, in bytes, whose length takes one byte of the header, and three. */
const [SHORT_MAX, MEDIUM_MAX] = [125, 65_535]

/**
 * Returns the WebSocket frame of a server with a text of three parts. `middle` is UTF-8, which many frames may share. One piece
 * is written faster than a header and a text.
 */
export const textFrame = (start: string, middle: Uint8Array, end: string): Buffer => {
  const startBytes = Buffer.byteLength(start)
  const bytes = startBytes + middle.length + Buffer.byteLength(end)
  const headerBytes = bytes <= SHORT_MAX ? 2 : bytes <= MEDIUM_MAX ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + bytes)
  frame[0] = FINAL_TEXT
  if (bytes <= SHORT_MAX) frame[1] = bytes
  else if (bytes <= MEDIUM_MAX) {
    frame[1] = 126
    frame.writeUInt16BE(bytes, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(bytes), 2)
  }
  frame.write(start, headerBytes)
  frame.set(middle, headerBytes + startBytes)
  frame.write(end, headerBytes + startBytes + middle.length)
  return frame
}
