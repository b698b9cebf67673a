import type { COMMAND } from '../english/command.js'
import type { Translation } from '../text.js'

/** What the command prints around the results, in Chinese. */
export const COMMAND_CHINESE: Translation<typeof COMMAND> = {
  'command.source': '命令行',
  'command.from': '来自 {source}',
  'command.doctor.place': '是 {proxies} 个代理中的第 {place} 个',
  'command.doctor.not-reached': '未到达',
  'command.doctor.more-not-reached': '还有 {hops} 步未到达',
  'command.doctor.try': '建议：',
  'command.doctor.fix': '修复：',
  'command.doctor.well': '一切正常',
  'command.doctor.failed': '失败于',
  'command.doctor.unreached': '未到达的一步',
  'command.doctor.without-proxy': '不经代理：',
  'command.doctor.reached': '每一步都通过',
  'command.doctor.waiting': '正在等待：{title}（{seconds} 秒）',
  'command.html.language': 'zh-CN',
  'command.html.title': '从机器人到 Discord 的线路报告',
  'command.html.proxy': '代理',
  'command.html.made':
    '由 discord-transport {version} 在 Node {node}（{platform}）上生成，{at}，历时 {ms} 毫秒',
  'command.html.redacted': '本页不含密码和 token，可以发给管理代理的人。',
  'command.html.hop': '步骤',
  'command.html.time': '时间',
  'command.html.seen': '结果',
  'command.html.passed': '通过',
  'command.html.broken': '失败',
  'command.html.notes': '注意',
  'command.html.written': '报告已写入 {file}',
}
