import { builtinRules } from 'eslint/use-at-your-own-risk'
import tseslint from 'typescript-eslint'

const maxLines = builtinRules.get('max-lines-per-function')

/** max-lines-per-function of ESLint, without the callbacks of `describe`: they are lists of tests. */
const maxFunctionLines = {
  ...maxLines,
  create(context) {
    const report = (problem) => {
      if (!isDescribe(problem.node.parent)) context.report(problem)
    }
    return maxLines.create(Object.create(context, { report: { value: report } }))
  },
}

/** `describe(…)`, and its kin: `describe.each([…])(…)`, `describe.skipIf(…)(…)`. */
function isDescribe(node) {
  if (node.type !== 'CallExpression') return false
  let { callee } = node
  while (callee.type !== 'Identifier')
    callee = callee.object ?? callee.callee ?? callee.tag ?? { type: 'Identifier' }
  return callee.name === 'describe'
}

export default tseslint.config(
  {
    // The .mjs files of these folders run on every Node line as they stand, without a loader.
    ignores: [
      'dist',
      'coverage',
      '.dependency-cruiser.cjs',
      'eslint.config.js',
      'typedoc.config.js',
      'site',
      'test/dispatcher/*.mjs',
      'test/process/*.mjs',
      'bench/client/*.mjs',
      'test/sealed/*.mjs',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { local: { rules: { 'max-function-lines': maxFunctionLines } } },
    rules: {
      'local/max-function-lines': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // noPropertyAccessFromIndexSignature of the compiler wants brackets where this rule wants a dot.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['examples/**', 'bench/**', 'scripts/**', 'test/**'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
)
