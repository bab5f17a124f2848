import { expect, test } from 'vitest';
import { isSecretName } from '../../src/masking/secret-names.ts';

test.each([
  'password',
  'SmtpPassword',
  'client_secret',
  'private-key',
  'accessToken',
  'appPasswords',
  'Kennwort',
  'PASSWORT',
  'Passwörter',
  'Passwo\u0308rter',
  'Geheimnis',
  'Zugangsdaten',
  'Lizenzschlüssel',
  'Lizenzschlu\u0308ssel',
  'WIEDERHERSTELLUNGSSCHLUESSEL',
  'recoveryKey',
  'productKey',
  'licenseKey',
  'pin',
  'PinCode',
  'pfx',
  'otp',
  'totpSecret',
  'recoveryCodes',
  'connectionString',
  'ＰＡＳＳＷＯＲＤ',
  'pass\u200Bword',
])('%s names a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
});

test.each([
  'passwordNeverExpires',
  'passwordCount',
  'tokenExpiresAt',
  'credentialId',
  'tokenType',
  'publicKey',
  'primaryKey',
  'statusToken',
  'statusCode',
  'authentication',
  'shipping',
  'pinned',
  'Secretariat',
  'compassWords',
])('%s names no secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});
