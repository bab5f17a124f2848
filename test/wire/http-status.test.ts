import { expect, test } from 'vitest';
import { refuseHttpError } from '../../src/wire/http-status.ts';

const address = { origin: 'https://localhost:8463', user: 'admin' };

function catchRefusal(status: number, body = '', contentType = 'text/plain'): string {
  try {
    return refuseHttpError({ status, contentType, body: Buffer.from(body) }, '/api/invoke/GetUsers', address);
  } catch (error) {
    return (error as Error).message;
  }
}

test.each([
  [
    401,
    "MailStore does not accept the login 'admin' (HTTP 401); check user name and password, that the user has the login privilege api, and that with multi-factor authentication the password is an app password. The default password of admin is refused from other machines.",
  ],
  [403, "MailStore refuses 'admin' (HTTP 403); the API needs an administrator."],
  [404, "The server knows no '/api/invoke/GetUsers' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API."],
  [411, 'The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.'],
])('HTTP %i has its own sentence for any body', (status, message) => {
  expect(catchRefusal(status, '<html>anything</html>', 'text/html')).toBe(message);
});

test.each([
  [500, 'Out of memory.', 'text/plain', 'The server answered HTTP 500: Out of memory.'],
  [500, '{"error":{"message":"Out of memory."}}', 'application/json', 'The server answered HTTP 500: Out of memory.'],
  [500, 'Oops\r\n   at A.B()', 'text/plain', 'The server answered HTTP 500: Oops.'],
  [500, '', 'text/plain', 'The server answered HTTP 500 without a text.'],
  [
    400,
    '<HTML><HEAD><TITLE>Bad Request</TITLE></HEAD><BODY><h2>Bad Request - Invalid Hostname</h2></BODY></HTML>',
    'text/html; charset=us-ascii',
    'The server answered HTTP 400: Bad Request.',
  ],
  [405, '', '', 'The server answered HTTP 405 without a text.'],
  [301, '', '', 'The server answered HTTP 301 without a text.'],
  [
    302,
    '<html><title>Moved</title></html>',
    'text/html',
    "https://localhost:8463 answered with a web page instead of MailStore's API ('Moved'); a proxy or another service is in between. Check MAILSTORE_URL.",
  ],
  [
    500,
    '<html><title>Gateway</title></html>',
    'text/html',
    "https://localhost:8463 answered with a web page instead of MailStore's API ('Gateway'); a proxy or another service is in between. Check MAILSTORE_URL.",
  ],
])('HTTP %i with %j (%s) is said as: %s', (status, body, contentType, message) => {
  expect(catchRefusal(status, body, contentType)).toBe(message);
});
