import { describe, expect, test } from 'vitest';
import { judgeRequest, type RequestHead } from '../../../src/tester/web/request-checks.ts';
import { SECURITY_HEADERS } from '../../../src/tester/web/content-security-policy.ts';

const site = { port: 4711, token: 'a-secret-of-the-address-bar-0001' };
const own = 'http://127.0.0.1:4711';

const get = { method: 'GET', url: `/${site.token}/commands`, host: '127.0.0.1:4711' };
const post = { ...get, method: 'POST', url: `/${site.token}/call`, origin: own, contentType: 'application/json', fetchSite: 'same-origin' };

describe('a request of the page', () => {
  test.each<[string, RequestHead, string]>([
    ['its document', { ...get, url: `/${site.token}/` }, ''],
    ['typed into the address bar', { ...get, fetchSite: 'none' }, 'commands'],
    ['a read', { ...get, origin: own, fetchSite: 'same-origin' }, 'commands'],
    ['by the other name of this machine', { ...post, host: 'localhost:4711', origin: 'http://localhost:4711' }, 'call'],
    ['a call', post, 'call'],
    ['a call that states its character set', { ...post, contentType: 'application/json; charset=utf-8' }, 'call'],
    ['one with a query', { ...get, url: `/${site.token}/tasks?known=a:1` }, 'tasks'],
  ])('is let in: %s', (_name, head, path) => {
    expect(judgeRequest(head, site)).toMatchObject({ kind: 'accepted', path });
  });
});

describe('any other request', () => {
  test.each<[string, RequestHead, number]>([
    ['a name that was made to point at this machine', { ...get, host: 'evil.example:4711' }, 421],
    ['another port', { ...get, host: '127.0.0.1:80' }, 421],
    ['no host', { ...get, host: undefined }, 421],
    ['a host with something before it', { ...get, host: 'evil.example@127.0.0.1:4711' }, 421],
    ['another page', { ...post, origin: 'https://evil.example' }, 403],
    ['a page on another port of this machine', { ...post, origin: 'http://127.0.0.1:8080' }, 403],
    ['the same page by its other name', { ...post, origin: 'http://localhost:4711' }, 403],
    ['a page without an origin', { ...post, origin: 'null' }, 403],
    ['a call that does not say where it comes from', { ...post, origin: undefined }, 403],
    ['a link on another site', { ...get, fetchSite: 'cross-site' }, 403],
    ['another program of this machine in a browser', { ...get, fetchSite: 'same-site' }, 403],
    ['no token', { ...get, url: '/' }, 404],
    ['a path without the token', { ...get, url: '/commands' }, 404],
    ['a wrong token', { ...get, url: '/a-secret-of-the-address-bar-0002/commands' }, 404],
    ['the beginning of the token', { ...get, url: '/a-secret/commands' }, 404],
    ['the token in another place', { ...get, url: `/x/${site.token}/commands` }, 404],
    ['a form of another page', { ...post, contentType: 'application/x-www-form-urlencoded' }, 415],
    ['text that claims to be none', { ...post, contentType: 'text/plain;application/json' }, 415],
    ['a body of no type', { ...post, contentType: undefined }, 415],
    ['another method', { ...get, method: 'DELETE' }, 405],
  ])('is refused: %s', (_name, head, status) => {
    expect(judgeRequest(head, site)).toMatchObject({ kind: 'refused', status });
  });
});

test('the page runs its own script alone, speaks to its own server alone, and is shown in no other page', () => {
  expect(SECURITY_HEADERS).toEqual({
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  });
});
