/** What `doctor` says of Discord's answers, in Chinese. */
export const DOCTOR_CHINESE = {
  'doctor.title.config': '配置',
  'doctor.title.pac': 'PAC 脚本',
  'doctor.title.proxy-dns': '解析代理的域名',
  'doctor.title.proxy-connect': '到代理的 TCP 连接',
  'doctor.title.proxy-tls': '到代理的 TLS',
  'doctor.title.proxy-auth': '代理认证',
  'doctor.title.tunnel': '到 {target} 的隧道',
  'doctor.title.target-dns': '解析 {host}',
  'doctor.title.target-connect': '到 {target} 的 TCP 连接',
  'doctor.title.target-tls': '到 Discord 的 TLS',
  'doctor.title.rest': 'GET /gateway',
  'doctor.title.gateway': '网关，直到 HELLO',
  'doctor.title.cdn': '从 CDN 下载',
  'doctor.title.hosts': 'Discord 的其他主机',
  'doctor.title.identity': 'GET /users/@me',
  'doctor.title.intents': '特权 intent',
  'doctor.title.gateway-bot': 'GET /gateway/bot',
  'doctor.title.ready': '从 IDENTIFY 到 READY',
  'doctor.title.send': '发送消息',
  'doctor.title.upload': '上传文件',
  'doctor.title.download': '下载文件',
  'doctor.title.edit': '编辑消息',
  'doctor.title.delete': '删除消息',

  'doctor.skipped.proxy-auth': '它的结果会随隧道请求的应答一起到来',
  'doctor.skipped.no-start': '今天的会话启动次数已用完',
  'doctor.skipped.intents': 'Discord 会以 4014 关闭连接',

  'doctor.token.refused': 'Discord 不接受这个 token（{by}）',
  'doctor.token.refused.hint':
    '到开发者门户的 Bot 页面重新复制 token（重置后旧的立即失效），前后不要带引号、空格或 "Bot "。',
  'doctor.answered': '{what} 返回 {status}',
  'doctor.rate-limit.hint':
    '这个 token 的请求太多，或者这个代理地址的请求太多（可能有别人共用）：等一等，或换一个代理。',
  'doctor.unavailable.hint': '线路是通的，故障在它后面。看看 discordstatus.com，稍后再试。',
  'doctor.refused.hint':
    '线路是通的，但后面的服务器拒绝了：Discord（或它前面的 Cloudflare）可能封了这个代理的地址。',
  'doctor.upgrade-removed.hint':
    '请求到达时 Upgrade 头已经不见了：是做 TLS 检查的代理删掉的。要让它放行 WebSocket，或不检查 gateway.discord.gg。',
  'doctor.login-page.hint':
    '应答的是登录页，不是 Discord（认证门户，或过滤器的页面）：先用浏览器在这个网络上登录，或请代理的管理员放行 Discord。',
  'doctor.not-discord': '{what} 的应答不是来自 Discord',
  'doctor.strange-answer.hint': '应答的是别的服务器，例如过滤器：看看上面“到 Discord 的 TLS”的证书签发者。',
  'doctor.gateway.upgrade': '向 gateway.discord.gg 请求 WebSocket，它',
  'doctor.gateway.frame': '网关连接的一个帧无法解析',
  'doctor.gateway.no-hello': '网关的第一个数据包不是 HELLO',
  'doctor.gateway.payload': '网关的一个数据包无法解析',
  'doctor.invalid-session': 'Discord 对 IDENTIFY 回答了无效会话',
  'doctor.invalid-session.hint': '可能有另一个进程在最近五秒内做过 identify：请再试一次。',
  'doctor.closed.by-discord': 'Discord 关闭了网关连接：{said}',
  'doctor.closed.by-discord.hint': '线路是通的；关闭码就是 Discord 给出的原因。',
  'doctor.closed': '网关连接被关闭：{said}',
  'doctor.closed.1006.hint':
    '1006 表示连接没有关闭帧就断了，这里断在已打开的隧道后面：检查代理的空闲时限，或它的 WebSocket 过滤。',
  'doctor.closed.hint': '路上可能有什么不放行 WebSocket：检查代理过滤了什么。',
  'doctor.intents.missing': 'intents {intents} 需要 {names}，但这个应用没有打开它',
  'doctor.intents.missing.hint':
    '在开发者门户的 Bot 页面打开 {switches}，或去掉这个 intent。加入 100 个以上服务器的机器人需要 Discord 批准。',
  'doctor.intents.disallowed.hint':
    '有一个特权 intent 没有打开：见开发者门户的 Bot 页面（Message Content、Server Members、Presence）。',
  'doctor.intents.invalid.hint': 'intents 中有一位并不存在：请重新把各个值相加。',
  'doctor.upload.size': 'Discord 收到 {bytes} 字节，文件有 {expected} 字节',
  'doctor.download.differs': '{what} 发来的文件和上传的不一样',
  'doctor.channel.hint': '机器人看不到这个 id 的频道：检查 id，以及机器人是否在那个服务器里、能否查看频道。',
  'doctor.permission.hint': '机器人在这个频道缺少权限：它需要“发送消息”和“附加文件”。',
  'doctor.too-large.hint': '文件超过 Discord 对这个服务器的限制：把 {uploadBytes|--upload-bytes} 设小一些。',
  'doctor.compared.proxy-needed': '需要代理，代理也正常：没有它到不了 Discord。',
  'doctor.compared.proxy-not-needed': '代理正常，但并不需要：没有它也能到 Discord。',
  'doctor.compared.proxy-broken':
    '故障在代理：没有它能到 Discord。修好代理；如果允许机器人直连，就去掉这个设置。',
  'doctor.compared.both-broken': '有没有代理都到不了 Discord：先修代理，因为直连代替不了它。',

  'doctor.hosts.failed': '{hosts}：{reason}',
  'doctor.detail.hosts': '{hosts} 个主机',
  'doctor.source.option': 'proxy 选项',
  'doctor.note.overridden': '{name}（{url}）也设置了，但输给 {source}。',
  'doctor.note.http-proxy': '{names} 设置了，但从不使用：到 Discord 的连接都是 TLS。',
  'doctor.note.http-proxy-alone':
    '{names} 设置了，但从不使用：到 Discord 的连接都是 TLS。把同样的值写进 HTTPS_PROXY 或 OPENCLAW_PROXY_URL。',
  'doctor.note.case-pair': '{upper} 和 {lower} 不一样：这里以 {upper} 为准，别的程序可能用 {lower}。',
  'doctor.note.bypassed': '不经过代理：{hosts}，因为 {reason}。如果不是有意的，请删掉那一项。',
  'doctor.note.unreadable': '绕过列表里有无法解析的条目：{entries}。',
  'doctor.note.uncounted': '{name} 里的 {entry} 会匹配 {hosts}，但不起作用：{why}。',
  'doctor.note.why-source': '代理来自 {source}',
  'doctor.note.why-option': '{noProxy 选项|另一个绕过列表}取代了它',
  'doctor.note.loopback':
    '代理 {host} 就是这个容器自己。宿主机上的代理要写 host.docker.internal（Linux 上的 Docker：--add-host=host.docker.internal:host-gateway），或用 --network=host 运行。',
  'doctor.note.direct': '所有连接都是直连：{reason}。',
  'doctor.note.verification-off':
    '这里忽略 NODE_TLS_REJECT_UNAUTHORIZED=0：证书照样检查。但它会关掉{本进程|进程里}其他所有 TLS 的检查，任何服务器都能读取和修改发送的内容，包括 token。请取消它，并{把做 TLS 检查的代理的根证书设为 tls.caFile|用 --tls-ca-file（库的 caFile 选项）给出做 TLS 检查的代理的根证书}。',

  'doctor.note.hooks': '其他代码后来替换了安装的钩子：{hooks}。它怎样处理连接，这里不知道。',
  'doctor.note.late-preload':
    '{variable} 是在 discord-transport/register 查找代理之后才设置的，所以进程是直连：node --env-file=.env --import discord-transport/register bot.js 会及时设置它。',

  'doctor.fix.scheme': '这个端口说的是 {names}，而 URL 写的是 {written}。请改用 {value}',
  'doctor.fix.ssh':
    '这个端口是 SSH 服务器：用 ssh -D 1080 打开一个 SOCKS 端口，再写 socks5://127.0.0.1:1080。',
  'doctor.fix.web-server': '这个端口是网页服务器，不是代理：请找代理的端口。',
  'doctor.fix.credentials': '请改用 {value}，换成你自己的用户名和密码，并做百分号编码。',
  'doctor.fix.unknown-issuer': '本机不认识的签发者',
  'doctor.fix.proxy-ca':
    '代理的证书由 {issuer} 签发。如果这正是你预期的，请给出它的证书：{proxyTls.caFile（命令：--proxy-ca-file）。|--proxy-ca-file FILE}',
  'doctor.fix.tls-ca':
    'TLS 正在被 {issuer} 检查。如果那是你的公司，请给出它的证书：{tls.caFile（命令：--tls-ca-file）。|--tls-ca-file FILE}',

  'doctor.detail.no-proxy': '没有代理',
  'doctor.detail.proxy-from': '代理来自 {source}',
  'doctor.detail.certificate': '{subject}，签发者 {issuer}，有效期至 {validTo}',
  'doctor.detail.accepted': '已接受',
  'doctor.detail.no-credentials': '没有要求认证',
  'doctor.detail.file': '{status}，{bytes} 字节',
  'doctor.detail.bytes': '{bytes} 字节',
  'doctor.detail.bot': '机器人 {id}',
  'doctor.detail.none': '无',
  'doctor.detail.intents': '已打开的特权 intent：{on}；未打开：{off}',
  'doctor.detail.one-shard': '1 个分片，会话启动次数剩 {remaining}/{total}',
  'doctor.detail.shards': '{shards} 个分片，会话启动次数剩 {remaining}/{total}',
  'doctor.detail.session-ended': '会话已结束',
  'doctor.detail.deleted': '已删除的测试消息：{messages}',
}
