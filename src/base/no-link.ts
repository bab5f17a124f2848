import { constants } from 'node:fs';

/** Windows has no such flag. */
const NO_LINK = constants.O_NOFOLLOW ?? 0;

/** Opens a file to read it, and not one that a link in its place leads to. */
export const READ_NO_LINK = constants.O_RDONLY | NO_LINK;

/** Opens a file to replace its content, and not one that a link in its place leads to. */
export const REPLACE_NO_LINK = constants.O_WRONLY | constants.O_TRUNC | NO_LINK;
