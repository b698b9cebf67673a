/** What the command `env` says around the settings that it prints, in Chinese. */
export const ENVIRONMENT_CHINESE = {
  'env.no-proxy':
    '没有找到代理：请设置 OPENCLAW_PROXY_URL、HTTPS_PROXY 或 ALL_PROXY，或给出 --proxy-url http://127.0.0.1:7897',
  'env.fill-in': '请把 *** 换成你自己的用户名和密码，并做百分号编码。',
  'env.in-file': '# 在 {file} 里写：',
  'env.docker.host':
    '在容器里，{loopback} 是容器自己，所以这里写的是 {host}，即 Docker 的宿主机；为此代理必须不只监听回环地址（“允许局域网连接”）。也可以用 {network}，地址仍写 {loopback}。',
  'env.dockerfile.no-env': '# docker run：不用 ENV，它会留在镜像里',
  'env.dockerfile.in-file': '# 在 {file} 里写，不加引号：',
  'env.dockerfile.secret':
    'ENV 和 ARG 会存进镜像：拿到镜像的人都能用 docker history 读到。不要让 {file} 进入构建上下文（.dockerignore）和版本库。',
  'env.compose.in-file': '# install -m 600 /dev/null {file}；在其中写：',
  'env.compose.secret':
    'compose.yaml 通常人人可读，还在版本库里：请把 URL 放进 {file}，权限 600，并写进 .gitignore。',
  'env.openclaw.scheme': '# OpenClaw 只接受 http:// 和 https:// 代理，其他的会使它拒绝整个配置。',
  'env.openclaw.scheme.warning':
    '请用 --proxy-url 给出同一个代理的 HTTP 端口；许多客户端除了 SOCKS 还有 HTTP 端口，或者混合端口。',
  'env.openclaw.service': '# 如果只想设置 systemd 服务，用下面这段代替以上全部',
  'env.openclaw.config': '# OpenClaw：写进它的配置，对网关和每个命令都有效',
  'env.openclaw.dotenv': '# OpenClaw：写进状态目录的 .env，读配置的人看不到它',
  'env.openclaw.secret':
    '请把 URL 放进 {file}，权限 600：openclaw.json 会被复制到备份里，而单元里的 Environment= 每个用户都能读到。',
  'env.systemd.user': 'systemd 用户服务',
  'env.systemd.system': 'systemd 系统服务',
  'env.systemd.heading': '# {title}：{file}（{unit} 换成你的单元的名字）',
  'env.systemd.secret':
    '单元里的 Environment= 每个用户都能用 systemctl show 读到：请把 URL 放在权限为 600 的文件里。',
  'env.launchd.heading': 'launchd：{file}（Label 和程序换成你自己的）',
  'env.launchd.secret': 'plist 文件默认人人可读：请先 chmod 600 {file}。',
  'env.pm2.heading':
    '// pm2：ecosystem.config.cjs（name 和 script 换成你自己的）；pm2 restart ecosystem.config.cjs --update-env',
  'env.pm2.in-file': '// install -m 600 /dev/null {file}；在其中写：{line}',
  'env.pm2.secret':
    '请把 URL 放进 {file}，权限 600，并写进 .gitignore。“pm2 save” 会把环境变量以明文写进 ~/.pm2/dump.pm2，不能让别人读到它。',
  'env.shell.heading': '# shell：写在 ~/.profile 末尾',
  'env.shell.secret':
    '在许多主机上，~/.profile 和 ~/.bashrc 每个用户都能读：请把 URL 放在权限为 600 的文件里。',
  'env.profile.heading': '# {place}：由 ~/.profile 读取的单独一个文件',
  'env.profile.end': '# 写在 ~/.profile 末尾：',
  'env.wsl.heading': '# WSL：写在发行版里的 ~/.profile 末尾',
  'env.wsl.secret': '请把 URL 放在权限为 600 的文件里。',
  'env.wsl.host':
    '在 WSL2 里，{loopback} 不是 Windows，所以这一行用的是默认网关：请让代理接受来自局域网的连接，并让 Windows 防火墙放行它的端口。如果 .wslconfig 里有 networkingMode=mirrored，那么 {loopback} 就是对的。',
  'env.dotenv.heading':
    '# .env：用 node --env-file=.env 加载；用 dotenv 时，要在导入 discord-transport 之前加载',
  'env.dotenv.secret': '新建的 .env 其他用户也能读，还容易提交进版本库：请设权限 600，并写进 .gitignore。',
  'env.windows.secret':
    '在 .bat 文件里每个 % 都要写两次（%40 写成 %%40），用完删除这个文件。注册表以明文保存这个值（HKCU\\Environment），你运行的任何程序都能读到；千万不要用 /M 或 Machine，那样每个用户都能看到。',
}
