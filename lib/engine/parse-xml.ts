import { SaxesParser } from "saxes";
import type { SaxesTagPlain } from "saxes";

/**
 * An element: `@name` is an attribute, `#text` the text directly in it, and every other name leads to the list of the children
 * of that name, also where there is one: so one thing and several have one shape. Names are kept as they were written.
 */
export interface XmlElement {
  readonly [name: string]: string | readonly XmlElement[];
}

export type ParsedXml =
  { readonly kind: "xml"; readonly document: XmlElement } | { readonly kind: "unreadable"; readonly reason: string };

const bytesMax = 4 * 1024 * 1024;
/** A tree of lists and elements is walked by recursion, in schemas and in ours. */
export const xmlDepthMax = 50;

/**
 * Reads XML: UTF-8, well-formed, at most 4 MiB and 50 deep. A DOCTYPE is refused, and with it all that documents can
 * declare: there are the five entities of XML and characters by number, and none that expands or fetches anything.
 *
 * @example
 * parseXml(bytes); // <a b="1"><c>x</c></a> → document: { a: [{ "@b": "1", c: [{ "#text": "x" }] }] }
 */
export function parseXml(bytes: Uint8Array): ParsedXml {
  if (bytes.byteLength > bytesMax) return { kind: "unreadable", reason: "more than 4 MiB" };
  try {
    return { kind: "xml", document: read(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch (error) {
    if (error instanceof Refused) return { kind: "unreadable", reason: error.message };
    // Of the parser's own words only their place is told: they quote names, and names may be somebody's data.
    const place = error instanceof Error ? /^(\d+):(\d+):/.exec(error.message) : null;
    return { kind: "unreadable", reason: place === null ? "not UTF-8" : `not well-formed at ${place[1]}:${place[2]}` };
  }
}

class Refused extends Error {}

/** An element whose end has not come. */
interface Open {
  readonly name: string;
  readonly members: Map<string, string | XmlElement[]>;
  readonly texts: string[];
}

function read(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: false, position: true });
  const document: Open = { name: "", members: new Map(), texts: [] };
  const open: Open[] = [document];
  const innermost = (): Open => open.at(-1) ?? document;
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("doctype", () => {
    throw new Refused("a DOCTYPE");
  });
  parser.on("xmldecl", ({ encoding }) => {
    if (encoding !== undefined && encoding.toLowerCase() !== "utf-8") throw new Refused("not declared as UTF-8");
  });
  parser.on("opentag", (tag) => {
    if (open.length > xmlDepthMax) throw new Refused(`more than ${xmlDepthMax} deep`);
    open.push({ name: tag.name, members: attributesOf(tag), texts: [] });
  });
  const addText = (more: string): void => void innermost().texts.push(more);
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("closetag", () => {
    const closed = open.pop();
    if (closed !== undefined) addChild(innermost(), closed);
  });
  parser.write(text).close();
  return elementOf(document);
}

function attributesOf(tag: SaxesTagPlain): Open["members"] {
  return new Map(Object.entries(tag.attributes).map(([name, value]) => [`@${name}`, value]));
}

function addChild(parent: Open, child: Open): void {
  const siblings = parent.members.get(child.name);
  if (Array.isArray(siblings)) siblings.push(elementOf(child));
  else parent.members.set(child.name, [elementOf(child)]);
}

/** From entries, so that no name reaches what objects have by themselves. Space between children is nobody's text. */
function elementOf({ members, texts }: Open): XmlElement {
  const text = texts.join("");
  const hasChildren = [...members.keys()].some((name) => !name.startsWith("@"));
  const isText = text !== "" && !(hasChildren && text.trim() === "");
  return Object.fromEntries(isText ? [...members, ["#text", text] as const] : members);
}
