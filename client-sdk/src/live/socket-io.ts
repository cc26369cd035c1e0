/** The part of Socket.IO that the client uses. Node gets the whole package, because it needs another WebSocket. */
export { io } from 'socket.io-client'
