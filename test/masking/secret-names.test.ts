import { expect, test } from 'vitest';
import { maskValue } from '../../src/masking/mask-value.ts';
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
  'motDePasse',
  'mot de passe',
  'contraseña',
  'contrasena',
  'senha',
  'wachtwoord',
  'hasło',
  'heslo',
  'пароль',
  'Пароль',
  '密码',
  'パスワード',
  '비밀번호',
  'pkcs12',
  'db_mdp',
  'Lizenzschlussel',
])('%s names a secret, and what stands under it is masked', (name) => {
  expect(isSecretName(name)).toBe(true);
  expect(maskValue({ [name]: 'Zq7 Canary' })).toEqual({ [name]: '***' });
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
  'contrasentido',
  'parolee',
])('%s names no secret', (name) => {
  expect(isSecretName(name)).toBe(false);
});
