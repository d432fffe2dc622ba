import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { listFiles, type Violation } from "./source.ts";

/** Relative links of the documents lead to files and headings that exist, and so do the project's paths that they name. */
export function checkDocLinks(root: string): Violation[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const pages = [...top, ...listFiles(root, "docs").filter((path) => path.endsWith(".md"))];
  return pages.flatMap((page) => checkPage(root, page));
}

function checkPage(root: string, page: string): Violation[] {
  const lines = withoutCodeBlocks(readFileSync(join(root, page), "utf8"));
  return lines.flatMap((line, index) =>
    [...complaintsAboutLinks(root, page, line), ...complaintsAboutPaths(root, page, line)].map((message) => ({
      file: page,
      line: index + 1,
      rule: "docs",
      message,
    })),
  );
}

function complaintsAboutLinks(root: string, page: string, line: string): string[] {
  const prose = line.replaceAll(/`[^`]*`/g, (code) => " ".repeat(code.length));
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const defined = [...prose.matchAll(/^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g)];
  return [...inline, ...defined].flatMap((match) => {
    const complaint = complaintAboutLink(root, page, match[1] ?? "");
    return complaint === null ? [] : [complaint];
  });
}

function complaintAboutLink(root: string, page: string, link: string): string | null {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return null;
  const [path = "", anchor] = decodeURI(link).split("#");
  const target = path === "" ? page : posix.join(posix.dirname(page), path);
  if (target.startsWith("..") || !existsSync(join(root, target))) return `links to ${target}, which does not exist`;
  if (anchor === undefined || !target.endsWith(".md")) return null;
  return anchorsOf(root, target).has(anchor) ? null : `links to #${anchor}, which is no heading of ${target}`;
}

/** Paths such as `lib/engine/ports.ts` in code spans; acme is the partner that the walk-throughs invent. */
function complaintsAboutPaths(root: string, page: string, line: string): string[] {
  if (page === "CHANGELOG.md" || page.startsWith("docs/decisions/")) return [];
  const paths = [...line.matchAll(/`((?:bin|lib|lambdas|test|docs)\/[\w./-]+\.[a-z]{2,4})`/g)].map(
    (match) => match[1] ?? "",
  );
  return paths
    .filter((path) => !path.includes("acme") && !existsSync(join(root, path)))
    .map((path) => `names ${path}, which does not exist`);
}

/** Headings as GitHub makes anchors of them; a repeated heading gets -1, -2, … */
function anchorsOf(root: string, page: string): ReadonlySet<string> {
  if (!statSync(join(root, page)).isFile()) return new Set();
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const line of withoutCodeBlocks(readFileSync(join(root, page), "utf8"))) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function slugOf(heading: string): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
}

function withoutCodeBlocks(text: string): string[] {
  let fence: string | null = null;
  return text.split("\n").map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1];
    if (mark === undefined) return fence === null ? line : "";
    if (fence === null) fence = mark;
    else if (mark.startsWith(fence)) fence = null;
    return "";
  });
}
