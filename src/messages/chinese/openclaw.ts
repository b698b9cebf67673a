/** What the reader of OpenClaw's configuration says, in Chinese. */
export const OPENCLAW_CHINESE = {
  'openclaw.file': '文件{refused}',
  'openclaw.file.hint':
    '请给出 openclaw.json 的路径；不给的话，会依次查看 OPENCLAW_CONFIG_PATH、OPENCLAW_STATE_DIR 和 ~/.openclaw。',
  'file.missing': '不存在',
  'file.unreadable': '无法读取（{code}）',
  'file.kind': '不是普通文件',
  'file.link': '是符号链接',
  'file.names': '有不止一个名字（硬链接）',
  'file.large': '大于 {maxBytes} 字节',
  'file.mode': '其他用户可以读或写（chmod 600）',
  'file.owner': '属于另一个用户',
  'openclaw.syntax': '不是 JSON5（第 {line} 行，第 {column} 列）',
  'openclaw.syntax.hint': '请改正这个文件；openclaw config validate 也会这样说。',
  'openclaw.no-object': '必须是对象',
  'openclaw.no-object.hint': '它由 channels、proxy、gateway 这样的键组成。',

  'openclaw.include.value': '必须是一个路径或路径的列表',
  'openclaw.include.path': '路径太长，或含有 NUL 字符',
  'openclaw.include.outside': '{file} 在配置所在的目录之外',
  'openclaw.include.outside.hint':
    '把文件移进来，或把它的目录加进 OPENCLAW_INCLUDE_ROOTS。如果是符号链接，以它指向的位置为准。',
  'openclaw.include.circle': '{file} 包含了它自己，经过 {chain}',
  'openclaw.include.depth': '{file} 的包含层数超过 {depth} 层',
  'openclaw.include.siblings': '旁边还有别的键，所以它包含的必须是对象',
  'openclaw.include.refused': '{file} {refused}',
  'openclaw.include.hint': '请改正 $include，或它指向的文件。',

  'openclaw.text': '必须是字符串',
  'openclaw.text.hint': '请给这个值加上引号。',
  'openclaw.number': '必须是不小于 {least} 的数字',
  'openclaw.number.hint': '请改正这个数字，或去掉这个键。',
  'openclaw.flag': '必须是 true 或 false',
  'openclaw.flag.hint': '请写 true 或 false，不加引号。',
  'openclaw.choice': '必须是其中之一：{values}',
  'openclaw.choice.hint': '请改正这个值，或去掉这个键。',
  'openclaw.unset': '用到了变量 {name}，而它没有设置',
  'openclaw.unset.hint':
    '请在环境变量、状态目录的 .env 或配置的 env.vars 里设置 {name}。如果要的就是这几个字符本身，请写 {escaped}。',

  'openclaw.secret.shape': '必须是字符串，或一个引用：含有 source、id 和 provider 的对象',
  'openclaw.secret.shape.hint': '引用变量时写 source: "env" 和 id: "DISCORD_BOT_TOKEN"；provider 可以省略。',
  'openclaw.secret.provider': '引用了 provider {provider}，但没有为 {source} 配置它',
  'openclaw.secret.provider.hint': '请配置 secrets.providers.{provider}，或改正引用里的 provider。',
  'openclaw.secret.denied': '引用了变量 {name}，但 secrets.providers.{provider}.allowlist 里没有它',
  'openclaw.secret.denied.hint': '请把 {name} 加进这个列表。',
  'openclaw.secret.source': '引用了来源 {source}，只有 OpenClaw 自己能解析它',
  'openclaw.secret.source.hint':
    '请把值放进一个变量，用 source: "env" 引用，id 写变量名；或放进权限为 600 的文件，并配置一个 source 为 file 的 provider。',
  'openclaw.secret.file': 'secrets.providers.{provider} 的文件{refused}',
  'openclaw.secret.file.hint': '它必须是你自己的普通文件，权限 600，用绝对路径给出，而且不是链接。',
  'openclaw.secret.json': 'secrets.providers.{provider} 的文件不是 JSON 对象',
  'openclaw.secret.json.hint': '如果文件里只有这个值，请写 mode: "singleValue"，id 写 "value"。',
  'openclaw.secret.missing': 'secrets.providers.{provider} 的文件里，这个 id 的位置没有字符串',
  'openclaw.secret.missing.hint': 'id 是 JSON 指针，例如 /discord/token；mode 为 "singleValue" 时写 value。',

  'openclaw.accounts.hint': '它的每个键都是一个账号的 id。',
  'openclaw.account': '没有账号 {id}（已有：{known}）',
  'openclaw.account.hint': '请改正 id，或把它加进 channels.discord.accounts。',
  'openclaw.account.hint-nearest': '是不是想写 {nearest}？否则请把这个账号加进 channels.discord.accounts。',

  'openclaw.enabled': '是 true，但 proxy.proxyUrl 和 OPENCLAW_PROXY_URL 都没有设置',
  'openclaw.enabled.hint':
    '请设置 proxy.proxyUrl，例如 http://127.0.0.1:3128，或去掉 proxy.enabled。OpenClaw 自己会不走代理直接连接。',
  'openclaw.container': '{url} 是回环地址，在容器里它是容器自己，而不是宿主机',
  'openclaw.container.hint':
    '请写容器能到达代理的地址，例如 {url}（docker run --add-host=host.docker.internal:host-gateway；代理必须监听在那里）。如果代理就在这个容器里，或容器用的是宿主机网络，请设置 OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL=1。',
  'openclaw.media': '必须大于 0',

  'openclaw.note.bypassed':
    '使用 {winner}，绕过了管理员的 {loser}。设置 preferManaged: true 则以管理员的为先。',
  'openclaw.note.managed-wins': '使用管理员的 {winner}；按 preferManaged 的要求绕过 {loser}。',
  'openclaw.note.scheme':
    '{name} 的协议是 {protocol}://，这里可以使用。OpenClaw 自己会把它记为无效，不走代理直接连接。',
  'openclaw.note.managed-scheme':
    '{name} 的协议是 {protocol}://，这里可以使用。OpenClaw 自己在那里只接受 http:// 和 https://。',
  'openclaw.note.option': '没有使用 proxy 选项，因为设置了 {name}。',
  'openclaw.note.retired':
    '这些设置会被读取，但如今的 OpenClaw 会拒绝含有它们的文件：{names}。openclaw doctor --fix 可以删掉它们。',
  'openclaw.note.no-file': '{file} 处没有配置：一切按空配置处理。',
  'openclaw.note.profile':
    '只设置 OPENCLAW_PROFILE 不能选定配置，这里和 OpenClaw 都是如此：{directory} 没有被读取。请把 OPENCLAW_STATE_DIR 设为这个目录，openclaw --profile 就是这样做的。',
  'openclaw.note.ignored-variable':
    '配置的 env 里设置了 {names}，OpenClaw 不从那里读取它。请在环境变量或状态目录的 .env 里设置。',
}
