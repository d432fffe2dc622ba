import { ignoredTypeReasons } from "./resources/ignored.ts";
import { resourceTypes } from "./resources/index.ts";
import { ignoredIn } from "./properties.ts";

export interface IgnoredProperty {
  readonly type: string;
  /** `*` for a type that is ignored as a whole. */
  readonly property: string;
  readonly reason: string;
}

/** Everything in the templates that the local stack knowingly leaves aside, with its reason. */
export function listIgnoredProperties(): readonly IgnoredProperty[] {
  return [...resourceTypes.values()].flatMap(({ type, schema }) => {
    const whole = ignoredTypeReasons[type];
    if (whole !== undefined) return [{ type, property: "*", reason: whole }];
    return ignoredIn(schema).map((item) => ({ type, ...item }));
  });
}
