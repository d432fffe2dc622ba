/** The version that the sandbox's accounts are on; it applies when a request names none. */
export const accountVersion = "2026-07-29.dahlia";

/** Versions in which every field that the sandbox serves has the same shape. The second is the `stripe` package's own. */
export const servedVersions: readonly string[] = [accountVersion, "2026-10-28.endive"];
