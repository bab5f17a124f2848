import { createRequire } from 'node:module';

/** The part of `@napi-rs/keyring` that is used; the module is optional. */
interface KeyringModule {
  readonly Entry: new (service: string, account: string) => { getPassword(): string | null; setPassword(password: string): void };
}

const SERVICE = 'mailstore-mcp';

/** Returns the password that `setup` kept in the keychain of the operating system; undefined where there is none or no keychain. */
export function readKeychain(origin: string, username: string): string | undefined {
  try {
    return new (loadKeyring().Entry)(SERVICE, accountName(origin, username)).getPassword() ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a password in the keychain of the operating system. Returns why it cannot; undefined when it is kept and can be read back. */
export function writeKeychain(origin: string, username: string, password: string): string | undefined {
  try {
    new (loadKeyring().Entry)(SERVICE, accountName(origin, username)).setPassword(password);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return readKeychain(origin, username) === password ? undefined : 'it could not be read back';
}

function loadKeyring(): KeyringModule {
  // In the CommonJS bundle there is no `import.meta.url`, and in an ES module no `__filename`.
  return createRequire(import.meta.url ?? __filename)('@napi-rs/keyring') as KeyringModule;
}

function accountName(origin: string, username: string): string {
  return `${username}@${new URL(origin).host}`;
}
