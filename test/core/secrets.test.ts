import { expect, test } from 'vitest'
import { isMailServer, isWebhook, withoutAddresses, withoutParts, withoutSecrets } from '../../src/core/secrets.ts'

test.each([
  ['webhook: https://h/s3cret', 'webhook: …'],
  ['  - { smtp: "smtp://u:s3cret@h", on: [x] }', '  - { smtp: …'],
  ['webhook: env:SLACK_URL', 'webhook: env:SLACK_URL'],
  ['recipe: curl https://h/s3cret {target}', 'recipe: curl https://… {target}'],
  ['targets: data/{batch}', 'targets: data/{batch}'],
])('a line of a rule file is shown without its secret: %s', (line, shown) => {
  expect(withoutSecrets(line)).toBe(shown)
})

test('of an address in a text only the protocol stays', () => {
  expect(withoutAddresses('cannot reach https://h/s3cret now')).toBe('cannot reach https://… now')
})

test.each([
  ['the whole address', 'https://h.example/services/T0AB/s3cret?k=v4lue'],
  ['a part of its path', '/s3cret is unknown'],
  ['its query', 'no k=v4lue'],
])('what somebody else said is shown without %s', (_, text) => {
  expect(withoutParts(text, 'https://h.example/services/T0AB/s3cret?k=v4lue')).not.toMatch(/s3cret|v4lue/)
})

test.each([
  ['as it is', 'bad password p%ss:w'],
  ['as written in the address', 'bad password p%25ss%3Aw'],
  ['as a mail server is told it', `AUTH LOGIN ${btoa('p%ss:w')}`],
  ['as a mail server is told it with the name', `AUTH PLAIN ${btoa('\0ana\0p%ss:w')}`],
])('a password is not shown %s', (_, text) => {
  expect(withoutParts(text, 'smtp://ana:p%25ss%3Aw@h')).toMatch(/…$/)
})

test('a password with a stray % is hidden too', () => {
  expect(withoutParts('no s3%cret', 'smtp://ana:s3%cret@h')).toBe('no …')
})

test('what notices can be sent to', () => {
  expect(
    ['https://h/x', 'http://127.0.0.1:80/', 'smtp://h', 'https://', 'h/x', 'https://u:p@h'].map(isWebhook),
  ).toEqual([true, true, false, false, false, false])
  expect(['smtp://u:p@h:587', 'smtps://h', 'https://h', 'smtp:', 'h:587'].map(isMailServer)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})
