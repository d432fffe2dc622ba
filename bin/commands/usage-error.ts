/** The call's words are off: said without a stack, exit code 2. */
export class UsageError extends Error {}
