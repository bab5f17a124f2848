import { expect, test } from 'vitest';
import { setSmtpSettings, testSmtpSettings } from '../../tools/smtp.ts';

test('SMTP settings show what changed without the password, which keeps them from being put back', () => {
  const settings = { hostname: 'smtp.example.com', port: 587, username: 'archive', password: null };
  expect([setSmtpSettings.before?.pick(settings, { settings: {} }), setSmtpSettings.irreversible, testSmtpSettings.irreversible]).toEqual([
    { hostname: 'smtp.example.com', port: 587, username: 'archive' },
    'The password before is never shown, and without it the settings cannot be set again.',
    'An e-mail that was sent cannot be called back.',
  ]);
});
