/**
 * The layers of docs/architecture.md, lowest first. A module imports its own folder and the layers before it, never a
 * later one.
 */
const layers = [
  'src/messages/',
  'src/errors.ts',
  'src/config/',
  'src/discord/',
  'src/tunnel/',
  'src/agent/',
  'src/dispatcher/',
  'src/rest/',
  'src/websocket/',
  'src/reconnect/',
  'src/gateway/',
  'src/process/',
  'src/doctor/',
  'src/discord-transport.ts',
  'src/installed-carbon.ts',
  'src/transport-routes.ts',
  'src/transport.ts',
  'src/index.ts',
]
const integrations = ['src/register/', 'src/adapters/', 'src/openclaw/', 'src/fleet/', 'src/cli/']

/** Frameworks that a user has installed, and what their types name. */
const frameworks = [...Object.keys(require('./package.json').peerDependencies), '@discordjs/collection']

/** A folder above index.ts: it sees the public face, its own files and what is named here. */
const seesOnly = (folder, ...allowed) => ({
  name: `${folder}-sees-the-public-face`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: {
    path: '^src/',
    pathNot: ['^src/index\\.ts$', `^src/${folder}/`, ...allowed.map((path) => `^src/${path}`)],
  },
})

const upward = layers.slice(0, -1).map((layer, index) => ({
  name: `no-upward-import-from-${layer}`,
  severity: 'error',
  comment: 'Layers point down only.',
  from: { path: `^${layer}` },
  to: { path: [...layers.slice(index + 1), ...integrations].map((later) => `^${later}`) },
}))

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: '\\.d\\.ts$' }, to: {} },
    ...upward,
    // rest and gateway are two clients of one tunnel opener. Neither knows the other.
    {
      name: 'rest-knows-no-gateway',
      severity: 'error',
      from: { path: '^src/rest/' },
      to: { path: '^src/gateway/' },
    },
    {
      name: 'gateway-knows-no-rest',
      severity: 'error',
      from: { path: '^src/gateway/' },
      to: { path: '^src/rest/' },
    },
    seesOnly('register', 'process/', 'config/', 'messages/', 'errors\\.ts$', 'transport(?:-routes)?\\.ts$'),
    seesOnly('adapters'),
    seesOnly('fleet'),
    seesOnly(
      'openclaw',
      'config/',
      'messages/',
      'errors\\.ts$',
      'websocket/',
      'reconnect/',
      'transport\\.ts$',
    ),
    // explain asks what an installation would decide, and must not install.
    seesOnly('cli', 'openclaw/', 'doctor/', 'messages/', 'errors\\.ts$', 'transport\\.ts$'),
    {
      name: 'no-development-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: [
          'node_modules/@types/',
          ...frameworks.map((name) => `node_modules/${name}/`),
          // tsup.config.ts makes them part of dist.
          'node_modules/(?:zod|json5|https-proxy-agent|socks-proxy-agent)/',
        ],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
