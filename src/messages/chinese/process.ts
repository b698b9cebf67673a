/** The process-wide mode, in Chinese. */
export const PROCESS_CHINESE = {
  'process.already-installed': '本进程已经安装过一次，安装者是 {installer}',
  'process.already-installed.hint':
    '一个进程只有一个安装：请对前一个调用 stop()，或去掉这一个。在 discord-transport/register 之下，用同一个代理、范围不更宽的 install() 就是同一个安装。',
  'process.register.end': 'discord-transport/register：{message}。{hint}',
  'process.register.no-proxy': 'DISCORD_TRANSPORT_REQUIRED：没有找到代理；查找过 {variables}',
  'process.register.no-proxy.hint':
    '请在进程启动之前设置其中一个：机器人里的 dotenv 读得太晚，node --env-file=.env 则来得及。',
  'process.register.late':
    '{variable} 是在 discord-transport/register 查找代理之后才设置的，所以本进程是直连',
  'process.refused.late': '拒绝了到 {target} 的连接：代理是在 discord-transport/register 查找之后才设置的',
  'process.refused.late.hint':
    '请在进程启动之前设置它：node --env-file=.env --import discord-transport/register bot.js',
  'process.refused.loopback': '拒绝了到 {target} 的连接：它通向本机自己',
  'process.refused.loopback.hint':
    "安装时设置了 loopback: 'block'。请改为 loopback: 'direct'，或在 bypass() 里打开这个连接。",
  'process.refused.sockets': '拒绝了到 {target} 的连接：socket 已被禁止',
  'process.refused.sockets.hint':
    "安装时设置了 sockets: 'block'，只有 HTTP 和 WebSocket 能出去。请改为 sockets: 'proxy'，或在 bypass() 里打开这个连接。",
  'process.refused.socket': '拒绝了到 {target} 的连接：自己调用 connect 的 socket 不能经过代理',
  'process.refused.socket.hint':
    '请把 new Socket().connect() 换成 node:net 或 node:tls 模块的 connect()，并以模块属性的形式调用：它会走代理。也可以在 bypass() 里打开这个 socket。',
  'process.refused.foreign': '拒绝了到 {target} 的请求：它的 agent 绕过代理建立了连接',
  'process.refused.foreign.hint':
    '请去掉 agent，或传入 node:http、node:https 的 agent：它们会走代理。也可以在 bypass() 里发送这个请求。',
  'process.refused.over': '拒绝了到 {target} 的连接：交给它的 socket 绕过代理',
  'process.refused.over.hint':
    '请传主机名，而不传 socket：这样连接会经过代理。也可以在 bypass() 里打开这两者。',
  'process.refused.policy': '拒绝了到 {target} 的连接：bypassPolicy 失败了',
  'process.refused.policy.hint': '检查你传入的函数：它抛出的错误就是 cause。',
  'process.refused.udp': '拒绝了发往语音服务器 {target} 的 UDP 包：它会绕过代理，从本机的地址发出',
  'process.refused.udp.hint':
    "语音用的是 UDP，这里没有代理能转发它。要让它从本机的地址发出，请给 install() 设置 udp: 'direct'。",

  'process.reason.stopped': '安装已经停止',
  'process.reason.outside': '它在范围之外',
  'process.reason.loopback': '它通向本机自己',
  'process.reason.proxy': '它通向代理自己',
  'process.reason.bypass': '它在 bypass() 里面',
  'process.reason.policy': 'bypassPolicy 这样选择',
  'process.reason.policy-failed': 'bypassPolicy 失败了',
}
