/** All that the client uses of Socket.IO. Node gets the whole package, because it needs another WebSocket. */
export { io } from 'socket.io-client'
