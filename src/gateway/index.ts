export { TransportWebSocket, type WebSocketOptions } from './websocket.js'
