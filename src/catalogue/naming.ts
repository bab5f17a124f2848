/** Returns the tool name of a wire name: `GetUserInfo` becomes `get_user_info`, `InitializeMFA` becomes `initialize_mfa`. */
export function toolName(wireName: string): string {
  return wireName
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
