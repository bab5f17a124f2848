import type { IncomingMessage } from 'node:http';
import type { WorldUser } from '../emulation/world.ts';

export type Login = 'accepted' | 'unauthorized' | 'forbidden';

/** The password of a fresh installation. */
const DEFAULT_PASSWORD = 'admin';
const LOOPBACK = /^(::1|(::ffff:)?127(\.\d{1,3}){3})$/;
const LOCAL_HOST = /^(localhost|127\.0\.0\.1)(:\d+)?$/i;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Checks the Basic credentials of a request: `forbidden` for a known user who is no administrator, `unauthorized` for wrong credentials, for an
 * administrator without the `api` login privilege, and for the unchanged default password under any other name than the machine's own.
 */
export function checkLogin(users: readonly WorldUser[], request: IncomingMessage): Login {
  const given = readCredentials(request.headers.authorization);
  const user = given && users.find(({ userName }) => userName === given.userName);
  if (!user || user.password === '' || user.password !== given.password) return 'unauthorized';
  if (!user.privileges.includes('admin')) return 'forbidden';
  if (!user.loginPrivileges.includes('api')) return 'unauthorized';
  if (user.password === DEFAULT_PASSWORD && user.userName === 'admin' && !isLocal(request)) return 'unauthorized';
  return 'accepted';
}

function isLocal(request: IncomingMessage): boolean {
  return LOOPBACK.test(request.socket.remoteAddress ?? '') && LOCAL_HOST.test(request.headers.host ?? '');
}

function readCredentials(header: string | undefined): { userName: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z\d+/]+={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  try {
    const [, userName, password] = /^([^:]*):(.*)$/s.exec(utf8.decode(Buffer.from(encoded, 'base64'))) ?? [];
    return userName === undefined || password === undefined ? undefined : { userName, password };
  } catch {
    return undefined;
  }
}
