/** What the reader of OpenClaw's configuration says. */
export const OPENCLAW = {
  'openclaw.file': 'the file {refused}',
  'openclaw.file.hint':
    'Give the path of openclaw.json, or leave it out: then OPENCLAW_CONFIG_PATH, OPENCLAW_STATE_DIR and ~/.openclaw are looked at.',
  'file.missing': 'does not exist',
  'file.unreadable': 'cannot be read ({code})',
  'file.kind': 'is not a regular file',
  'file.link': 'is a symbolic link',
  'file.names': 'has more than one name (a hard link)',
  'file.large': 'is larger than {maxBytes} bytes',
  'file.mode': 'can be read or written by other users (chmod 600)',
  'file.owner': 'belongs to another user',
  'openclaw.syntax': 'is not JSON5 (line {line}, column {column})',
  'openclaw.syntax.hint': 'Correct the file; openclaw config validate says the same.',
  'openclaw.no-object': 'must be an object',
  'openclaw.no-object.hint': 'Its parts are keys such as channels, proxy and gateway.',

  'openclaw.include.value': 'must be a path or a list of paths',
  'openclaw.include.path': 'the path is too long or holds a NUL',
  'openclaw.include.outside': '{file} lies outside the directory of the configuration',
  'openclaw.include.outside.hint':
    'Move the file there, or add its directory to OPENCLAW_INCLUDE_ROOTS. Where it is a symbolic link, its target counts.',
  'openclaw.include.circle': '{file} includes itself, by way of {chain}',
  'openclaw.include.depth': '{file} is included more than {depth} files deep',
  'openclaw.include.siblings': 'stands beside other keys, so what it includes must be an object',
  'openclaw.include.refused': '{file} {refused}',
  'openclaw.include.hint': 'Correct the $include, or the file that it names.',

  'openclaw.text': 'must be a string',
  'openclaw.text.hint': 'Write the value in quotes.',
  'openclaw.number': 'must be a number of {least} or more',
  'openclaw.number.hint': 'Correct the number, or remove the key.',
  'openclaw.flag': 'must be true or false',
  'openclaw.flag.hint': 'Write true or false, without quotes.',
  'openclaw.choice': 'must be one of {values}',
  'openclaw.choice.hint': 'Correct the value, or remove the key.',
  'openclaw.unset': 'uses the variable {name}, which is not set',
  'openclaw.unset.hint':
    'Set {name} in the environment, in the file .env of the state directory, or in env.vars of the configuration. To mean the characters themselves, write {escaped}.',

  'openclaw.secret.shape': 'must be a string, or a reference: an object with source, id and provider',
  'openclaw.secret.shape.hint':
    'For a variable write source: "env" and id: "DISCORD_BOT_TOKEN"; provider can be left out.',
  'openclaw.secret.provider': 'refers to the provider {provider}, which is not configured for {source}',
  'openclaw.secret.provider.hint':
    'Configure secrets.providers.{provider}, or correct the provider of the reference.',
  'openclaw.secret.denied':
    'refers to the variable {name}, which secrets.providers.{provider}.allowlist does not name',
  'openclaw.secret.denied.hint': 'Add {name} to that list.',
  'openclaw.secret.source': 'refers to the source {source}, which OpenClaw alone can resolve',
  'openclaw.secret.source.hint':
    'Put the value into a variable and refer to it with source: "env" and its name as id, or into a file with mode 600 and configure a provider of source file.',
  'openclaw.secret.file': 'the file of secrets.providers.{provider} {refused}',
  'openclaw.secret.file.hint':
    'It must be a regular file of your own with mode 600, given by an absolute path, and no link.',
  'openclaw.secret.json': 'the file of secrets.providers.{provider} is not a JSON object',
  'openclaw.secret.json.hint':
    'For a file that holds the value alone write mode: "singleValue" and the id "value".',
  'openclaw.secret.missing': 'the file of secrets.providers.{provider} has no string at its id',
  'openclaw.secret.missing.hint':
    'The id is a JSON pointer such as /discord/token, or value with mode "singleValue".',

  'openclaw.accounts.hint': 'Each key of it is the id of an account.',
  'openclaw.account': 'there is no account {id} (known: {known})',
  'openclaw.account.hint': 'Correct the id, or add it to channels.discord.accounts.',
  'openclaw.account.hint-nearest':
    'Did you mean {nearest}? Otherwise add the account to channels.discord.accounts.',

  'openclaw.enabled': 'is true, but neither proxy.proxyUrl nor OPENCLAW_PROXY_URL is set',
  'openclaw.enabled.hint':
    'Set proxy.proxyUrl, such as http://127.0.0.1:3128, or remove proxy.enabled. OpenClaw itself would connect without a proxy.',
  'openclaw.container': '{url} is loopback, which in a container is the container itself and not the host',
  'openclaw.container.hint':
    'Write the address at which the container reaches the proxy, such as {url} (docker run --add-host=host.docker.internal:host-gateway; the proxy must listen there). Where the proxy does run in this container or on its host network, set OPENCLAW_CONTAINER_ALLOW_LOOPBACK_PROXY_URL=1.',
  'openclaw.media': 'must be more than 0',

  'openclaw.note.bypassed':
    "{winner} is used and bypasses the operator's {loser}. With preferManaged: true the operator's comes first.",
  'openclaw.note.managed-wins':
    "The operator's {winner} is used; {loser} is bypassed, as preferManaged asks.",
  'openclaw.note.scheme':
    '{name} has the scheme {protocol}://, which this transport takes. OpenClaw itself logs it as invalid and connects without a proxy.',
  'openclaw.note.managed-scheme':
    '{name} has the scheme {protocol}://, which this transport takes. OpenClaw itself takes http:// and https:// there.',
  'openclaw.note.option': 'The option proxy is not used, because {name} is set.',
  'openclaw.note.retired':
    'These settings are read, but OpenClaw of today refuses a file that holds them: {names}. openclaw doctor --fix removes them.',
  'openclaw.note.no-file': 'There is no configuration at {file}: everything is as if it were empty.',
  'openclaw.note.profile':
    'OPENCLAW_PROFILE alone does not choose the configuration, neither here nor in OpenClaw: {directory} is not read. Set OPENCLAW_STATE_DIR to it, as openclaw --profile does.',
  'openclaw.note.ignored-variable':
    'env of the configuration sets {names}, which OpenClaw does not take from there. Set it in the environment or in the file .env of the state directory.',
} as const
