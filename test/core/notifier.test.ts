import { describe, expect, test } from 'vitest'
import { parseRuleFile } from '../../src/core/ruleFile.ts'
import { locateIn } from '../fakes/rules.ts'

const read = (...notify: unknown[]) => parseRuleFile('rules/r.yaml', { notify }, locateIn('rules/r.yaml'))
const slack = 'https://hooks.slack.com/services/T0/B0/s3cret'

describe('an entry', () => {
  test('is told of what somebody must do something about, of every batch, unless it says otherwise', () => {
    expect(read({ webhook: slack }).notify).toEqual([
      {
        where: 'rules/r.yaml (notify.0)',
        on: ['failed', 'refused', 'stalled', 'disk'],
        batches: undefined,
        channel: { kind: 'webhook', url: { kind: 'written', text: slack } },
      },
    ])
  })

  test('says what it is told of, and of which batches', () => {
    expect(read({ webhook: slack, on: ['idle', 'failed'], batches: 'ana_*' }).notify).toMatchObject([
      { on: ['failed', 'idle'], batches: ['ana_*'] },
    ])
  })

  test('takes a secret from the environment', () => {
    expect(read({ webhook: 'env:SLACK_URL' }, { email: 'ana@lab.example', smtp: 'env:LAB_SMTP' }).notify).toMatchObject(
      [
        { channel: { url: { kind: 'environment', variable: 'SLACK_URL' } } },
        { channel: { smtp: { kind: 'environment', variable: 'LAB_SMTP' } } },
      ],
    )
  })

  test('is mail to one or several, by the sendmail of the machine unless a server is named', () => {
    const smtp = 'smtp://ana:pw@mail.lab.example:587'
    const { notify } = read(
      { email: 'ana@lab.example' },
      { email: ['ana@lab.example', 'ben@lab.example'], from: 'rig@lab.example', smtp },
    )
    expect(notify.map((n) => n.channel)).toEqual([
      { kind: 'email', to: ['ana@lab.example'], from: undefined, smtp: undefined },
      {
        kind: 'email',
        to: ['ana@lab.example', 'ben@lab.example'],
        from: 'rig@lab.example',
        smtp: { kind: 'written', text: smtp },
      },
    ])
  })

  test('is a command of words, into which values are put after the split', () => {
    expect(read({ command: 'notify-send -u "very critical" {kind}:{title} {text} {{x}}' }).notify).toMatchObject([
      {
        channel: {
          kind: 'command',
          words: [
            ['notify-send'],
            ['-u'],
            ['very critical'],
            [{ value: 'kind' }, ':', { value: 'title' }],
            [{ value: 'text' }],
            ['{x}'],
          ],
        },
      },
    ])
  })
})

describe('what is wrong is said where it stands', () => {
  test.each([
    [
      'no way',
      { on: ['failed'] },
      '',
      'the entry does not say where notices go',
      'one of webhook:, email: and command:',
    ],
    [
      'two ways',
      { webhook: slack, command: 'x' },
      '',
      'the entry has webhook and command',
      'begin another entry with a dash',
    ],
    ['an unknown key', { webhok: slack }, '.webhok', 'unknown key "webhok"', 'Did you mean webhook?'],
    [
      'an unknown kind',
      { webhook: slack, on: ['failed', 'stalld'] },
      '.on.1',
      '"stalld" is nothing that is told of',
      'Did you mean stalled?',
    ],
    ['a kind that is no list', { webhook: slack, on: 'failed' }, '.on', 'expected a list of failed, refused', ''],
    ['no kind', { webhook: slack, on: [] }, '.on', 'expected a list of failed, refused', ''],
    [
      'no address',
      { webhook: 'hooks.slack.com/services' },
      '.webhook',
      'this is not an address that notices can be sent to',
      'https://…, or env:NAME',
    ],
    ['another protocol', { webhook: 'ftp://x/y' }, '.webhook', 'this is not an address', ''],
    ['no variable', { webhook: 'env:' }, '.webhook', 'what follows env: is not the name', ''],
    ['a bad mail server', { email: 'a@b', smtp: 'mail.lab:587' }, '.smtp', 'this is not an address', 'smtp://USER'],
    ['no mail address', { email: 'ana' }, '.email', '"ana" is not an e-mail address', 'ana@lab.example'],
    ['a header in disguise', { email: ['a@b', 'a@b\nBcc: c@d'] }, '.email.1', 'is not an e-mail address', ''],
    ['a bad sender', { email: 'a@b', from: 'rig' }, '.from', '"rig" is not an e-mail address', ''],
    [
      'a mail server for a webhook',
      { webhook: slack, smtp: 'smtp://x' },
      '.smtp',
      'smtp: belongs to email:, and this entry is a webhook',
      '',
    ],
    ['an empty command', { command: ' ' }, '.command', 'the command is empty', 'notify-send labmake {text}'],
    [
      'an unknown placeholder',
      { command: 'x {txt}' },
      '.command',
      'unknown placeholder {txt}',
      'Did you mean text? For braces',
    ],
    ['a program that is put in', { command: '{text} x' }, '.command', 'the command begins with a placeholder', ''],
    ['shell', { command: 'x | mail ana' }, '.command', '"|" is shell, and a command is one command', 'a script of its'],
    ['an open quote', { command: 'x "y' }, '.command', 'the command has a " without its end', ''],
    ['no batch', { webhook: slack, batches: [] }, '.batches', 'expected the name of a batch', ''],
    ['no name of a batch', { webhook: slack, batches: 'ana %' }, '.batches', 'no batch can be called "ana %"', 'ana_*'],
    ['a text', slack, '', 'expected an entry with webhook:, email: or command:', ''],
  ])('%s', (_, entry, at, message, hint) => {
    const { faults, notify } = read(entry)
    expect(notify).toEqual([])
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatchObject({
      where: `rules/r.yaml (notify.0${at})`,
      message: expect.stringContaining(message),
    })
    expect(faults[0]!.hint ?? '').toContain(hint)
  })

  test('a file with a wrong entry is disabled as a whole, as by any other fault', () => {
    const content = { notify: [{}], rules: { a: { targets: 'x', recipe: 'r' } } }
    expect(parseRuleFile('rules/r.yaml', content, locateIn('rules/r.yaml')).rules).toEqual([])
  })
})
