/** The failures of the route to a destination, in Chinese. */
export const ROUTE_CHINESE = {
  'route.upgrade': '{target} 对 WebSocket 升级返回 {status}',
  'route.upgrade.hint': '线路是通的，后面的服务器拒绝了 WebSocket：检查 URL 的路径。',
  'route.upgrade.page.hint':
    '应答的是别的服务器，例如登录页（认证门户）或过滤器：先用浏览器在这个网络上登录，或请代理的管理员放行这个主机。',
  'route.upgrade.credentials.hint':
    '线路是通的，后面的服务器要求 WebSocket 带凭据：检查请求头。Discord 的 token 在升级之后由 IDENTIFY 发送。',
  'route.upgrade.blocked.hint':
    '线路是通的，后面的服务器拒绝了：Discord（或它前面的 Cloudflare）可能封了这个代理的地址。换一个出口。',
  'route.upgrade.removed.hint':
    '请求到达时 Upgrade 头已经不见了：是做 TLS 检查的代理删掉的。要让它放行 WebSocket，或不检查这个主机。',
  'route.upgrade.rate-limit.hint': '这个代理地址的连接太多（可能有别人共用）：等一等，或换一个出口。',
  'route.upgrade.unavailable.hint': '线路是通的，故障在它后面。看看 discordstatus.com，稍后再试。',
  'route.timeout.peer.proxy': '代理 {proxy}',
  'route.timeout.config': '{peer} 在 {timeoutMs} 毫秒内没有配置好',
  'route.timeout.pac': '{peer} 在 {timeoutMs} 毫秒内没有给出 PAC 脚本',
  'route.timeout.proxy-dns': '{peer} 的域名在 {timeoutMs} 毫秒内没有解析出来',
  'route.timeout.proxy-connect': '{peer} 在 {timeoutMs} 毫秒内没有接受 TCP 连接',
  'route.timeout.proxy-tls': '{peer} 在 {timeoutMs} 毫秒内没有完成 TLS 握手',
  'route.timeout.proxy-auth': '{peer} 在 {timeoutMs} 毫秒内没有回答认证',
  'route.timeout.tunnel': '{peer} 在 {timeoutMs} 毫秒内没有回答隧道请求',
  'route.timeout.target-dns': '{peer} 的域名在 {timeoutMs} 毫秒内没有解析出来',
  'route.timeout.target-connect': '{peer} 在 {timeoutMs} 毫秒内没有接受 TCP 连接',
  'route.timeout.target-tls': '{peer} 在 {timeoutMs} 毫秒内没有完成 TLS 握手',
  'route.timeout.exchange': '{peer} 在 {timeoutMs} 毫秒内没有应答',
  'route.timeout.direct.hint': '这条线路是直连：检查网络，设置代理，或调大 {connectTimeoutMs|--timeout-ms}。',
  'route.timeout.target.hint':
    '代理打开了隧道，但没有有用的内容传回来。检查代理是否让应答回来，或调大 {connectTimeoutMs|--timeout-ms}。',
  'route.timeout.proxy.hint':
    '检查代理是否在运行、端口对不对、URL 的协议对不对，或调大 {connectTimeoutMs|--timeout-ms}。',

  'route.tls.proxy.issuer.hint':
    '代理的证书由私有机构签发。用 {proxyTls.caFile|--proxy-ca-file} 给出该机构的证书。',
  'route.tls.proxy.name.hint':
    '证书是给另一个名字的{。如果这是有意的，请设置 proxyTls.servername|：如果是同一个代理，请把那个名字写成代理 URL 的主机}。',
  'route.tls.proxy.expired.hint': '更新代理的证书，并检查本机时钟。',
  'route.tls.proxy.not-tls.hint':
    '这个端口不说 TLS：把 https:// 改成 http://；如果是 SOCKS 端口，改成 socks5://。',
  'route.tls.proxy.client.hint':
    '代理拒绝了我们这边的握手：它可能要求客户端证书{（proxyTls.cert 和 proxyTls.key）|，库有这个选项，命令没有}。',
  'route.tls.proxy.broken.hint':
    'TLS 握手时连接断了：检查这个端口是否真的说 TLS，或改成 http://；SOCKS 端口改成 socks5://。',
  'route.tls.target.issuer.hint':
    '证书由本机不认识的机构签发：路上有人在检查 TLS。用 {tls.caFile|--tls-ca-file} 给出该机构的证书。',
  'route.tls.target.name.hint': '证书是给另一个名字的{。如果这是有意的，请设置 tls.servername|：检查 URL}。',
  'route.tls.target.expired.hint': '更新服务器的证书，并检查本机时钟。',
  'route.tls.discord.name.hint':
    '证书不是 Discord 的：应答的是别的服务器（DNS 被伪造、认证门户、过滤器）。不要接受它，否则它会得到 token。换一个能到达真正的 Discord 的代理。',
  'route.tls.discord.expired.hint':
    'Discord 自己的证书不会在使用中过期：先检查本机时钟。如果时钟没错，应答的就是别的服务器（过滤器、认证门户）。',
  'route.tls.target.not-tls.hint': '从隧道里来的不是 TLS：认证门户或过滤器代替目标应答了。',
  'route.tls.target.client.hint':
    '目标拒绝了我们这边的握手：它可能要求客户端证书{（tls.cert 和 tls.key）|，库有这个选项，命令没有}。',
  'route.tls.target.broken.hint':
    'TLS 握手时连接断了：代理或它后面的过滤器可能拦截了这个目标，也可能连不上它。V2Ray、Clash 和 Shadowsocks 会先打开隧道，再去连接。',
  'route.tls.proxy': '到代理 {proxy} 的 TLS 失败',
  'route.tls.target': '到 {target} 的 TLS 失败',

  'route.pac.not-loaded': '代理 {proxy} 的 PAC 脚本无法加载',
  'route.pac.not-loaded.hint': '去掉 URL 前面的 "pac+"，用浏览器或 curl 打开它：它必须不经代理就能取到。',
  'route.pac.no-return': '{proxy} 的 PAC 脚本没有返回',
  'route.pac.no-return.hint':
    '检查 FindProxyForURL 里有没有死循环，或 dnsResolve() 用的 DNS 服务器没有应答。',
  'route.pac.interpreter': 'PAC 解释器无法加载：{reason}',
  'route.pac.interpreter.hint':
    '打包工具没有把它打进去：不要把 discord-transport 打进包里，或在旁边安装 proxy-agent。',
  'route.pac.broken': '{proxy} 的 PAC 脚本 {why}',
  'route.pac.broken.hint':
    'FindProxyForURL 必须返回 "PROXY host:port"、"SOCKS5 host:port"、"HTTPS host:port" 或 "DIRECT"。',
  'route.pac.direct': 'PAC 脚本让 {target} 直连，但这里要求使用代理',
  'route.pac.direct.hint': '让脚本为这个目标给出代理，或去掉 required 选项。',

  'route.list.failed': '{message}；{proxies} 个代理都没有打开隧道',
  'route.pac.direct-in-list': '{proxy} 的 PAC 脚本让 {target} 直连，而代理列表从不直连',
  'route.pac.direct-in-list.hint': '让脚本为这个目标给出代理，或把它从列表里去掉。',

  'route.proxy-dns': '代理 {proxy} 的域名无法解析',
  'route.proxy-dns.hint': '检查代理 URL 里的主机名；在容器里，localhost 就是容器自己。',
  'route.proxy-connect': '连不上代理 {proxy}',
  'route.proxy-connect.hint':
    '检查代理是否在运行，是否监听这个主机和端口；在容器里，127.0.0.1 就是容器自己。',
  'route.proxy-broke': '代理 {proxy} 在打开隧道之前断开了连接',
  'route.proxy-broke.hint': '代理可能重启了，也可能拒绝这个客户端：看它的日志。',
  'route.target-dns': '{target} 的域名在本机无法解析',
  'route.target-dns.hint':
    "这个协议或 {dns: 'local'|--dns local} 在本机解析域名；socks5h、socks4a 和 http 由代理解析。",
  'route.target-dns.direct.hint': '检查本机的 DNS，或设置代理：由代理解析域名。',
  'route.target-connect': '连不上 {target}',
  'route.target-connect.hint': '这条线路是直连：检查网络，或设置代理。',
  'route.target.impossible': '{target} 不是有效的主机和端口',
  'route.target.impossible.hint': '主机是 IP 地址或最多 253 个字符的域名，端口是 1 到 65535 的数字。',

  'route.auth.wanted': '代理 {proxy} 要求凭据（{answer}）',
  'route.auth.wanted.http.hint': '把它们做百分号编码后写进代理 URL：http://user:password@host:port。',
  'route.auth.wanted.socks.hint': '把它们做百分号编码后写进代理 URL：socks5://user:password@host:port。',
  'route.auth.refused': '代理 {proxy} 拒绝了凭据（{answer}）',
  'route.auth.refused.hint': '检查代理 URL 里的用户名和密码；其中的 @ : / % 必须做百分号编码。',
  'route.auth.other.hint': '代理提供的是 {offered}：用 proxyAuthorization 给出相应的头部值。',
  'route.auth.no-method': '代理 {proxy} 不接受我们的任何一种认证方法（{answer}）',
  'route.auth.no-method.hint': '本客户端提供“无认证”和“用户名/密码”：请在代理上允许其中一种。',
  'route.authorization.failed': '函数 proxyAuthorization 失败了',
  'route.authorization.unusable': '函数 proxyAuthorization 返回的不是头部值：应为一行可见字符和空格',
  'route.authorization.late': '函数 proxyAuthorization 在 {timeoutMs} 毫秒内没有完成',
  'route.authorization.hint': '检查你传入的函数。',

  'route.answer.too-long': '代理 {proxy} 发了超过 {kibibytes} KiB，应答还没有结束',
  'route.answer.none': '代理 {proxy} 没有应答就关闭了连接',
  'route.answer.cut': '代理 {proxy} 的应答只发了一半就关闭了连接',
  'route.answer.cut.hint': '代理可能重启了，可能拒绝这个客户端，或者路上有什么切断了连接。',
  'route.answer.not-http': '代理 {proxy} 的应答不是 HTTP 代理的应答',
  'route.answer.spoke-first': '代理 {proxy} 自己往隧道里发了 {bytes} 字节',
  'route.answer.spoke-first.hint': '代理不能自己往隧道里发任何东西：看看它有没有更新。',
  'route.scheme.http.hint': '它说的好像是 HTTP：代理 URL 请写 http://。',
  'route.scheme.no-proxy.hint': '它说 HTTP，但不像代理：检查代理 URL 的端口。',
  'route.scheme.socks5.hint': '它说的好像是 SOCKS5：代理 URL 请写 socks5://。',
  'route.scheme.socks4.hint': '它说的好像是 SOCKS：代理 URL 请写 socks5:// 或 socks4a://。',
  'route.scheme.tls.hint': '它说的好像是 TLS：代理 URL 请写 https://。',
  'route.scheme.ssh.hint': '它是 SSH 服务器：让代理 URL 指向动态转发（ssh -D）的端口，并写 socks5://。',
  'route.scheme.nothing.hint':
    '它没有应答就关闭了连接：协议可能写错了（试试 {others}），也可能它拒绝这个客户端。',
  'route.scheme.unknown.hint': '检查代理 URL 的端口和协议。',

  'route.way-out.hint': '代理本身能连上：检查它的 DNS 和出口。',
  'route.connect.not-200': '代理 {proxy} 对 CONNECT 返回 {answer}，而不是 200',
  'route.connect.not-200.hint': '看看代理有没有更新，或让代理 URL 指向它的 CONNECT 端口。',
  'route.connect.timeout': '代理 {proxy} 没能及时连上 {target}（{answer}）',
  'route.connect.timeout.hint': '代理本身能连上：它到这个目标的出口太慢或被拦截。',
  'route.connect.unreachable': '代理 {proxy} 到不了 {target}（{answer}）',
  'route.connect.none': '代理 {proxy} 不接受 CONNECT（{answer}）',
  'route.connect.none.hint': '这像是网页服务器或反向代理：检查代理 URL 的端口。',
  'route.connect.denied': '代理 {proxy} 拒绝了到 {target} 的隧道（{answer}）',
  'route.connect.denied.hint': '这是代理的回答，不是 Discord 的：它的规则必须允许 CONNECT 到 {target}。',

  'route.socks.version': '代理 {proxy} 不说这个版本的 SOCKS',
  'route.socks5.general': '代理 {proxy} 没能连上 {target}，也没有说明原因（SOCKS5 应答 {reply}）',
  'route.socks5.denied': '代理 {proxy} 拒绝了到 {target} 的隧道（SOCKS5 应答 {reply}）',
  'route.socks5.denied.hint': '这是代理的回答，不是 Discord 的：它的规则必须允许这个目标。',
  'route.socks5.network': '代理 {proxy} 没有到 {target} 的网络（SOCKS5 应答 {reply}）',
  'route.socks5.host': '代理 {proxy} 到不了主机 {target}（SOCKS5 应答 {reply}）',
  'route.socks5.refused': '{target} 拒绝了代理 {proxy} 的连接（SOCKS5 应答 {reply}）',
  'route.socks5.ttl': '代理 {proxy} 去往 {target} 的途中 TTL 已耗尽（SOCKS5 应答 {reply}）',
  'route.socks5.command': '代理 {proxy} 不支持 CONNECT 命令，目标是 {target}（SOCKS5 应答 {reply}）',
  'route.socks5.command.hint': '这个 SOCKS 服务器不能打开出站连接：换一个。',
  'route.socks5.address': '代理 {proxy} 不支持这种地址类型，目标是 {target}（SOCKS5 应答 {reply}）',
  'route.socks5.address.hint':
    "这个 SOCKS 服务器自己不能解析域名：设置 {dns: 'local'|--dns local}，或换一个。",
  'route.socks5.unknown': '代理 {proxy} 对 {target} 给出未知的应答（SOCKS5 应答 {reply}）',
  'route.socks5.unknown.hint': 'RFC 1928 没有这种应答：检查这个端口是不是 SOCKS5 代理。',
  'route.socks4.rejected': '代理 {proxy} 拒绝了到 {target} 的隧道，或没能打开它（SOCKS4 应答 91）',
  'route.socks4.rejected.hint':
    'SOCKS4 不说明是规则拒绝、出口不通，还是不接受域名（Dante 支持 SOCKS4 而不支持 4a）：看它的日志，或改用 socks5://。',
  'route.socks4.identd': '代理 {proxy} 不接受这个用户（SOCKS4 应答 {reply}）',
  'route.socks4.identd.hint': '代理向 identd 查询用户：把它要的用户 id 写进代理 URL，或改用 socks5://。',
  'route.socks4.unknown': '代理 {proxy} 给出未知的应答（SOCKS4 应答 {reply}）',
  'route.socks4.unknown.hint': '检查这个端口是不是 SOCKS4 代理，或改用 socks5://。',

  'route.lost': '经 {proxy} 到 {target} 的连接在应答完成前断开（{code}）',
  'route.lost.direct': '到 {target} 的连接在应答完成前断开（{code}）',
  'route.lost.hint': '请求可能已经执行：重发之前先检查。',
  'route.lost.repeatable.hint': '这个请求可以放心重发。',
  'route.upload-too-large.hint':
    '发送小一些的文件，或调大 {maxFileBytes；在 OpenClaw 的配置里是 |}channels.discord.mediaMaxMb。',
  'route.closed': 'transport 已关闭',
  'route.closed.hint': '这个 transport 已经调用过 close()：请新建一个。',
  'route.silent': '{target} 没有及时应答',
  'route.silent.hint': '隧道是通的，但应答没有来。对慢的接口，请调大 headersTimeout 或 bodyTimeout。',
  'route.unread': '{target} 的应答有 {waitedMs} 毫秒没人读取，所以关闭了它的连接',
  'route.unread.hint':
    '请读完每个应答的正文，或用 response.body.cancel() 结束它：超过 64 KiB 未读的正文会占住一条隧道。',
  'route.queue': '{timeoutMs} 毫秒内没有到 {target} 的空闲隧道：共 {maxTunnels} 条隧道，{use}',
  'route.queue.busy.hint': '什么都没有发出，所以可以重发。如果经常有这么多慢请求，请调大 maxTunnels。',
  'route.queue.hint': '检查代理是否在运行、允许多少连接，或调大 {connectTimeoutMs|--timeout-ms}。',
}
