/**
 * Test files that need a process of their own, each with the reason. The others share one: a worker loads the sources
 * and the libraries once, and not again for each file.
 */
export const ISOLATED_FILES: Readonly<Record<string, string>> = {
  'test/dispatcher/silent-answer.test.ts': 'it puts another module in the place of undici (vi.mock)',
  'test/lab/discord-discordjs.test.ts': 'discordx and @sapphire/framework change the classes of discord.js',
  'test/adapters/discordx.programs.ts': 'discordx changes the classes of discord.js',
  'test/adapters/sapphire.programs.ts': '@sapphire/framework changes the classes of discord.js',
  'test/process/**/*.test.ts': 'it changes functions of Node for the whole process',
}
