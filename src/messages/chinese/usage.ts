import type { USAGE } from '../english/usage.js'
import type { Translation } from '../text.js'

/** What the command says of a command line that is not usable, in Chinese. */
export const USAGE_CHINESE: Translation<typeof USAGE> = {
  'usage.lang': '--lang：应为 en 或 zh-CN',
  'usage.proxy-url': '--proxy-url：应为 scheme://host:port，例如 http://127.0.0.1:3128',
  'usage.needs': '{flag}：需要同时给出 {other}',
  'usage.http-url': '{flag}：应为 http:// 或 https:// 的 URL',
  'usage.url': '应为带主机名的 URL，例如 https://discord.com/',
  'usage.missing-url': '缺少参数 url',
  'usage.html': '--html：文件无法写入（{code}）',
  'usage.output': '输出无法写入（{code}）',
  'usage.no-code': '没有给出原因',
  'usage.needs-token': '--channel 和 --intents 需要 token：请同时给出 --token-env 或 --token-file',
  'usage.or-token': '也可以给出 --token-env 或 --token-file。',
  'usage.unit': '--unit：应为 systemd 单元的名字，例如 bot.service',
  'usage.unit-format': '--unit：--format 必须是 {formats} 之一',
  'usage.one-token': '--token-env 和 --token-file：只能给出其中一个',
  'usage.token-file': '--token-file：无法读取（{code}）',
  'usage.secret': '{place}里应当有{what}：现在是空的，或含有空格或换行',
  'usage.secret.variable': '{flag} 指定的变量',
  'usage.secret.file': '--token-file 指定的文件',
  'usage.secret.bot': '机器人的 token',
  'usage.secret.gateway-token': '网关的 token',
  'usage.secret.gateway-password': '网关的密码',
  'usage.params': '参数应为 JSON 对象，例如 {example}',
  'usage.mode': 'OPENCLAW_MODE：应为 mock 或 real',
  'usage.agent-shell':
    '{command} 不能在 agent 的 shell 里使用（OPENCLAW_SHELL=exec）：消息会被当成真人发的。\n请用会话自己的工具，例如 sessions_send。',
}
