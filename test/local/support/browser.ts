import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";

/** What a machine without a display, a sandbox for processes or a network has need of. */
const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A page of a real Chromium with a profile of its own, gone when the test is. The browser comes from a package, for Linux on
 * x64; elsewhere SLUICE_CHROMIUM names one.
 */
export async function openPage(): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), "sluice-browser-"));
  onTestFinished(() => rmSync(profile, { recursive: true, force: true }));
  const executablePath = process.env["SLUICE_CHROMIUM"] ?? (await chromium.executablePath());
  const context = await playwright.launchPersistentContext(profile, { executablePath, args: flags });
  onTestFinished(() => context.close());
  return context.pages()[0] ?? context.newPage();
}
