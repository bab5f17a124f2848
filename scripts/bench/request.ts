/** The one call that is measured everywhere, and its answer. */
export const CALL = {
  tool: 'get_user_info',
  args: { userName: 'johndoe' },
  path: '/api/invoke/GetUserInfo',
  form: 'userName=johndoe',
} as const;

/** Connections in the pool of every client that is compared. */
export const POOL_SIZE = 8;

export const LOGIN = { username: 'admin', password: 'bench' } as const;

export const HEADERS = {
  authorization: `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64')}`,
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
} as const;
