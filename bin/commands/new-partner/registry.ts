/** The list of all partners, as it stands in the project. */
export const registryPath = "lib/partners/index.ts";

/**
 * The list with one partner more: its import, its export, its place at the end.
 *
 * @throws Error that says which lines to write by hand, when the list is not of the form that it was made in.
 */
export function withPartner(text: string, name: string, identifier: string): string {
  const line = `import { ${identifier} } from "./${name}/driver.ts";`;
  const exported = /export \{(?<names>[^}]*)\};/.exec(text)?.groups?.["names"];
  const listed = /export const partners\b[^=]*= \[(?<names>[^\]]*)\]/.exec(text)?.groups?.["names"];
  if (exported === undefined || listed === undefined)
    throw new Error(
      `${registryPath} has another form than it was made in; add by hand: ${line} export { ${identifier} }; and ${identifier} in the list \`partners\`.`,
    );
  return `${line}\n${text}`
    .replace(`{${exported}};`, () => `{ ${joined(exported, identifier)} };`)
    .replace(`[${listed}]`, () => `[${joined(listed, identifier)}]`);
}

function joined(list: string, name: string): string {
  const names = list.split(",").map((entry) => entry.trim());
  return [...names.filter((entry) => entry !== ""), name].join(", ");
}
