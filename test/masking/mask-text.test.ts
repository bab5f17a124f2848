import { describe, expect, test } from 'vitest';
import { maskValue } from '../../src/masking/mask-value.ts';

describe('in a result', () => {
  test('a password in a URL is masked where it holds a quote, and a quote before a delimiter ends the URL', () => {
    expect(maskValue({ url: "imap://amira:Head%20'%22Tail@mail.example.com" })).toEqual({ url: 'imap://amira:***@mail.example.com' });
    expect(maskValue({ text: `see 'imap://host:993', then amira@example.com` })).toEqual({
      text: `see 'imap://host:993', then amira@example.com`,
    });
  });

  test('the text under the name of a credential is masked, at any depth', () => {
    expect(
      maskValue({
        password: 'hunter2',
        SmtpPassword: 'hunter2',
        passphrase: 'product key',
        clientSecret: 's',
        client_secret: 's',
        privateKey: '-----BEGIN',
        encryption_key: 'k',
        apiKey: 'k',
        accessToken: 't',
        pwd: 'p',
        credential: 'c',
        passwordHash: 'h',
        details: [{ deep: { userName: 'amira', password: 'hunter2' } }],
        recoveryTokens: ['one', 'two'],
      }),
    ).toEqual({
      password: '***',
      SmtpPassword: '***',
      passphrase: '***',
      clientSecret: '***',
      client_secret: '***',
      privateKey: '***',
      encryption_key: '***',
      apiKey: '***',
      accessToken: '***',
      pwd: '***',
      credential: '***',
      passwordHash: '***',
      details: [{ deep: { userName: 'amira', password: '***' } }],
      recoveryTokens: ['***', '***'],
    });
  });

  test('what is no credential stays, and with it the whole object', () => {
    const value = {
      password: null,
      secret: '',
      passwordSet: true,
      CredentialId: 'a0b1',
      credentialID: '1',
      tokenType: 'Bearer',
      token_endpoint: 'https://login.example.com/token',
      PasswordExpirationDate: '2026-11-01',
      passwordNeverExpires: 'true',
      passwordProtected: 'False',
      credentials: [{ ID: 1, Type: 'Office365_Modern', Description: 'M365 archiving app', Settings: { TenantId: 'c0a8' } }],
      appPasswords: 2,
      mfaStatus: 'Enabled',
      privileges: ['login', 'changePassword'],
      description: 'Asks for the password; the token comes by mail.',
      distinguishedName: 'CN=Password Desk,OU=Tokens,DC=example,DC=com',
    };
    expect(maskValue(value)).toBe(value);
  });

  test('a number that XML wrote as text under a plural is how many there are; under another name it is the credential', () => {
    expect(maskValue({ appPasswords: '2', password: '123456' })).toEqual({ appPasswords: '2', password: '***' });
  });
});

describe('in a text', () => {
  test.each([
    ['imap://amira:hunter2@mail.example.com/Inbox', 'imap://amira:***@mail.example.com/Inbox'],
    ['imaps://amira@example.com:p@ss:word@mail.example.com', 'imaps://amira@example.com:***@mail.example.com'],
    ['from smtp://:hunter2@relay, then ftp://a:b@c', 'from smtp://:***@relay, then ftp://a:***@c'],
    ['https://mailstore.example.com:8463/path@x', 'https://mailstore.example.com:8463/path@x'],
    ['imap://amira@mail.example.com:993', 'imap://amira@mail.example.com:993'],
  ])('the password of a URL with a login is masked: %s', (text, masked) => {
    expect(maskValue([text])).toEqual([masked]);
  });

  test.each([
    ['Server=db1;User Id=sa;Password=two words;Database=x', 'Server=db1;User Id=sa;Password=***;Database=x'],
    ['Server=db1;pwd = last words', 'Server=db1;pwd = ***'],
    ['Server=db1;Password="semi;colon";Database=x', 'Server=db1;Password="***";Database=x'],
    ["Password='it''s;x';Server=db1", "Password='***';Server=db1"],
    ['SetUserPassword --userName="amira" --password="Two Words"', 'SetUserPassword --userName="amira" --password="***"'],
    // A masked command can still be read, and is judged by what it does.
    ['RecoverStore --encryptionKey=abc --id="3"', 'RecoverStore --encryptionKey="***" --id="3"'],
    ['CreateUser --password="E:\\" --userName="amira"', 'CreateUser --password="***" --userName="amira"'],
    ['CreateUser --password=abc --fullName=";a=b;c"', 'CreateUser --password="***" --fullName=";a=b;c"'],
    ['AttachStore --name="x" --dsn="Server=a;Pwd=two words;Id=1"', 'AttachStore --name="x" --dsn="Server=a;Pwd=***;Id=1"'],
    ['GET /x?access_token=abc&user=amira', 'GET /x?access_token=***&user=amira'],
    ['login failed: password=hunter2 (user amira)', 'login failed: password=*** (user amira)'],
    ['--password="" --credentialId="4" --path="E:\\"', '--password="" --credentialId="4" --path="E:\\"'],
    ['CN=Secretariat,OU=Tokens', 'CN=Secretariat,OU=Tokens'],
    ['the password is = to nothing', 'the password is = to nothing'],
  ])('what is assigned to a credential is masked: %s', (text, masked) => {
    expect(maskValue({ action: text })).toEqual({ action: masked });
  });

  test('a long one that looks like an assignment or a URL halfway is read through', () => {
    const texts = [
      `${'token'.repeat(20_000)}=`,
      `${'a.'.repeat(50_000)}://`,
      `password="${'\\"'.repeat(50_000)}`,
      `://${'a:'.repeat(50_000)}`,
    ];
    expect(maskValue(texts)).toHaveLength(4);
  });
});

describe('in a text of any language or program', () => {
  test.each([
    ['Erreur: mot de passe : Hunter2-x refusé', 'Erreur: mot de passe : *** refusé'],
    ['contraseña: Hunter2-x', 'contraseña: ***'],
    ['La contraseña es: Hunter2-x', 'La contraseña es: ***'],
    ['wachtwoord: Hunter2-x', 'wachtwoord: ***'],
    ['parola: Hunter2-x', 'parola: ***'],
    ['{"contraseña":"Hunter2-x"}', '{"contraseña":"***"}'],
    ['https://x.blob.core.windows.net/c?sv=1&sig=Hunter2-x%3D&se=2', 'https://x.blob.core.windows.net/c?sv=1&sig=***&se=2'],
    ['payload eyJwYXNzd29yZCI6Ikh1bnRlcjIteFl6OSJ9 end', 'payload *** end'],
    ['mysql -u root -pHunter2-x db', 'mysql -u root -p*** db'],
    ['sshpass -p Hunter2-x ssh host', 'sshpass -p *** ssh host'],
    ['curl -u admin:Hunter2-x https://host', 'curl -u admin:*** https://host'],
    ['localhost:5432:db:amira:Hunter2-x', 'localhost:5432:db:amira:***'],
  ])('a credential is masked: %s', (text, masked) => {
    expect(maskValue([text])).toEqual([masked]);
  });

  test.each([
    'password policy: strict',
    'Password reset mails',
    'mot de passe oublié',
    'Store: Tokens 2024',
    'sig=Best regards',
    'ssh -p 2222 host',
    'started at 12:30:00:100:5',
    'payload eyJ1c2VyIjoiYW1pcmEiLCJjb3VudCI6M30= end',
  ])('what is none stays: %s', (text) => {
    expect(maskValue([text])).toEqual([text]);
  });
});
