/** How much a server may do; set by an administrator in the configuration, never by a call. */
export const ACCESS_LEVELS = ['read-only', 'read-write', 'full'] as const;
export type Access = (typeof ACCESS_LEVELS)[number];

/** Which form of the API to speak: found out, the one since 9.0, or the 2012 one with JSON or XML answers. */
export const API_FORMS = ['auto', 'modern', 'legacy', 'legacy-xml'] as const;
export type ApiForm = (typeof API_FORMS)[number];
