/** An answer of the API that needs nothing but the token. */
export const USERS_ME = 'https://discord.com/api/v10/users/@me'

export const GATEWAY = 'wss://gateway.discord.gg/?v=10&encoding=json'
