/** What discord-transport/register loads with the first connection in scope. */
export { createRoutes } from '../transport.js'
