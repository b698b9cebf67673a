/**
 * The layers of docs/architecture.md, lowest first. A module imports its own folder and the layers before
 * it, never one behind it.
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
  'src/transport.ts',
  'src/index.ts',
]
const integrations = ['src/adapters/', 'src/openclaw/', 'src/fleet/', 'src/cli/']

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
    // rest and gateway are two clients of one route: neither knows the other.
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
    {
      name: 'integrations-see-the-public-face-only',
      severity: 'error',
      from: { path: '^src/adapters/' },
      to: { path: '^src/', pathNot: ['^src/index\\.ts$', '^src/adapters/'] },
    },
    {
      name: 'the-command-sees-the-public-face-and-the-doctor',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: {
        path: '^src/',
        pathNot: ['^src/index\\.ts$', '^src/doctor/', '^src/cli/', '^src/errors\\.ts$', '^src/messages/'],
      },
    },
    {
      name: 'no-development-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: [
          'node_modules/@buape/carbon',
          'node_modules/@types/',
          // tsup.config.ts makes these part of dist.
          'node_modules/(agent-base|zod)/',
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
