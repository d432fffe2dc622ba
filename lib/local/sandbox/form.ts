/** A form or query value with bracketed names resolved: `created[gte]=1`, `types[]=a`, `types[0]=a`. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };
export type Form = { [name: string]: FormValue };

const PAIRS_MAX = 1_000;
const DEPTH_MAX = 5;

type Branch = Map<string, string | Branch>;

/** Parses a query string or an `application/x-www-form-urlencoded` body; null when it is too large or contradicts itself. */
export function parseForm(text: string): Form | null {
  const root: Branch = new Map();
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    pairs += 1;
    const path = pathOf(name);
    if (pairs > PAIRS_MAX || path.length > DEPTH_MAX || !plant(root, path, value)) return null;
  }
  return fieldsOf(root);
}

function pathOf(name: string): readonly string[] {
  const bracket = name.indexOf("[");
  if (bracket <= 0 || !name.endsWith("]")) return [name];
  return [name.slice(0, bracket), ...name.slice(bracket + 1, -1).split("][")];
}

function plant(root: Branch, path: readonly string[], value: string): boolean {
  let branch = root;
  for (const [depth, step] of path.entries()) {
    const key = step === "" ? String(branch.size) : step;
    if (depth === path.length - 1) {
      if (branch.get(key) instanceof Map) return false;
      branch.set(key, value);
      return true;
    }
    const next = branch.get(key) ?? new Map<string, string | Branch>();
    if (typeof next === "string") return false;
    branch.set(key, next);
    branch = next;
  }
  return true;
}

function fieldsOf(branch: Branch): Form {
  return Object.fromEntries([...branch].map(([name, value]) => [name, valueOf(value)]));
}

function valueOf(value: string | Branch): FormValue {
  if (typeof value === "string") return value;
  const isList = [...value.keys()].every((key) => /^\d+$/.test(key));
  return isList ? [...value.values()].map(valueOf) : fieldsOf(value);
}
