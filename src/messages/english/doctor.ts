/** What `diagnose()` and the command `doctor` say. */
export const DOCTOR = {
  'doctor.token.refused': 'Discord does not accept the token ({by})',
  'doctor.token.refused.hint':
    'Copy the token again from the Bot page of the developer portal (a reset makes the old one invalid), without quotes, spaces or "Bot " before it.',
} as const
