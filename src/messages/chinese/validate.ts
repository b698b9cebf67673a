import type { VALIDATE } from '../english/validate.js'
import type { Translation } from '../text.js'

/** What `validateProxy()`, the egress policy and the commands `validate` and `policy` say, in Chinese. */
export const VALIDATE_CHINESE: Translation<typeof VALIDATE> = {
  'policy.also': '必须是网段、地址或主机名的列表',
  'policy.also.hint': '例如 203.0.113.0/24、fd00:1::/64 或 intranet.example。',
  'policy.except': '必须是网段或地址的列表，可以带端口',
  'policy.except.hint': '例如 10.0.0.5/32、10.0.0.0/24:8443 或 [fd00::5/128]:8443。',
  'policy.needs-policy': '是策略的一部分，而这次没有检查策略',
  'policy.needs-policy.hint': '请同时要求检查策略：policy: true，或 --policy。',

  'validate.urls': '必须是 http:// 或 https:// URL 的数组',
  'validate.urls.hint': '例如 https://example.com/。',
  'validate.reached': '代理打开了到那里的隧道',
  'validate.blocked':
    '它到不了，但不是被代理的规则拒绝的：包过滤器挡住了连接，或缺少这个地址族。客户端看到的是连接失败，而不是拒绝',
  'validate.blocked.summary':
    '有 {blocked} 个目标到不了，但代理没有回答“拒绝”：包过滤器挡住了连接，或缺少这个地址族。代理的客户端看到的是连接失败。',
  'validate.name-unreachable': '这个域名在代理那里解析不到任何地方；以各网段的检查为准',
  'validate.not-refused': '代理没有拒绝',
  'validate.exception': '管理员设置的例外',
  'validate.exception.denied': '例外没有被放行',
  'validate.exception.unreachable': '看不出例外是否被放行：那里没有应答',
  'validate.answered': '返回 {status}，而这里应当是 2xx',
  'validate.broke-off': '应答中断：{reason}',
  'validate.denied-reached': '{way}到达了它：它返回 {status}',
  'validate.denied-ambiguous':
    '无法判断：{way}得到的 {status} 可能来自它，也可能来自代理；用 https:// 的 URL 就能区分',
  'validate.inconclusive': '无法判断：{reason}',
  'validate.canary.token': '{way}到达了回环地址上的诱饵：它的令牌传了回来',
  'validate.canary.success': '{way}访问回环地址上的诱饵得到了 2xx',
  'validate.canary.asked': '{way}到达了回环地址上的诱饵',
  'validate.canary.no-proof':
    '无法判断：代理没有拒绝回环地址上的诱饵，但也没有一个允许的目标能经过它到达，所以它可能已经停了（{reason}）',
  'validate.refused-with': '以 {status} 拒绝',
  'validate.way.connect': '通过 CONNECT ',
  'validate.way.plain': '通过普通请求',
  'validate.expected.allowed': '应放行',
  'validate.expected.denied': '应拒绝',
  'validate.expected.canary': '应拒绝（回环诱饵）',
  'validate.no-proxy': '没有可用的代理',
  'validate.done': '已完成 {checks} 项检查',
  'validate.passed': '通过',
  'validate.failed': '未通过',
  'validate.checks': '共 {checks} 项检查',
  'validate.failed-checks': '{checks} 项检查中有 {failed} 项失败',
  'validate.blocked.short': '到不了，但不是被拒绝',
  'validate.no-answer': '{timeoutMs} 毫秒内没有应答',
}
