import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createLineTelemetry } from "../../lib/aws/line-telemetry.ts";
import { createLog } from "../../lib/aws/log.ts";
import type { InvocationLog } from "../../lib/aws/log.ts";
import type { BufferedMetrics } from "../../lib/aws/metric-buffer.ts";
import { createMetrics } from "../../lib/aws/metrics.ts";

const Line = z.looseObject({});
const Emf = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.tuple([
      z.object({
        Namespace: z.string(),
        Dimensions: z.tuple([z.array(z.string())]),
        Metrics: z.array(z.looseObject({ Name: z.string(), Unit: z.string() })),
      }),
    ]),
  }),
});

/** What a function writes to its standard output while `act` runs, wherever the writer takes the stream from. */
function linesOf(act: () => void): string[] {
  const lines: string[] = [];
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      lines.push(
        ...String(chunk)
          .split("\n")
          .filter((line) => line.startsWith("{")),
      );
      return true;
    }),
    vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
      lines.push(
        ...String(chunk)
          .split("\n")
          .filter((line) => line.startsWith("{")),
      );
      return true;
    }),
  ];
  try {
    act();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines;
}

interface Telemetry {
  readonly log: InvocationLog;
  readonly metrics: BufferedMetrics;
}

const kinds: readonly { readonly name: string; readonly open: () => Telemetry }[] = [
  { name: "Powertools", open: () => ({ log: createLog(), metrics: createMetrics() }) },
  { name: "the webhook function's own writer", open: () => createLineTelemetry("a-service", "Sluice") },
];

function openIn(open: () => Telemetry): Telemetry {
  vi.stubEnv("POWERTOOLS_SERVICE_NAME", "a-service");
  vi.stubEnv("POWERTOOLS_METRICS_NAMESPACE", "Sluice");
  vi.stubEnv("POWERTOOLS_LOG_LEVEL", "INFO");
  return open();
}

describe.each(kinds)("log lines of $name", ({ open }) => {
  it("are JSON that says its level, its service and its invocation", () => {
    const { log } = openIn(open);
    const lines = linesOf(() => {
      log.begin({ requestId: "request-1" });
      log.info("something happened", { count: 3 });
      log.warn("take care");
      log.error("it broke", { error: new Error("why") });
    }).map((line) => Line.parse(JSON.parse(line)));
    expect(lines.map((line) => line["level"])).toEqual(["INFO", "WARN", "ERROR"]);
    for (const line of lines) expect(line).toMatchObject({ service: "a-service", requestId: "request-1" });
    expect(lines[0]).toMatchObject({ message: "something happened", count: 3 });
    expect(JSON.stringify(lines[2])).toContain("why");
  });

  it("hold no secret, wherever it was put", () => {
    const { log } = openIn(open);
    const token = ["Bearer", "hunter2hunter2"].join(" ");
    const [line] = linesOf(() =>
      log.error(`sent ${token}`, { apiKey: "hunter2", deep: [{ note: token }], error: new Error(token) }),
    );
    expect(line).toBeDefined();
    expect(line).not.toContain("hunter2");
  });
});

describe.each(kinds)("metrics of $name", ({ open }) => {
  it("are summed until they are published, one line for each set of dimensions", () => {
    const { metrics } = openIn(open);
    const lines = linesOf(() => {
      metrics.count("Done", 1, { partner: "acme", kind: "push" });
      metrics.count("Done", 2, { partner: "acme", kind: "push" });
      metrics.count("Late", 1, { partner: "acme", kind: "push" });
      metrics.count("Done", 5, { partner: "acme" });
      metrics.flush();
      metrics.flush();
    }).map((line) => Emf.parse(JSON.parse(line)));
    expect(lines).toHaveLength(2);
    const [first, second] = lines;
    expect(first).toMatchObject({ Done: 3, Late: 1, service: "a-service", partner: "acme", kind: "push" });
    expect(second).toMatchObject({ Done: 5, partner: "acme" });
    const directive = first?._aws.CloudWatchMetrics[0];
    expect(directive?.Namespace).toBe("Sluice");
    expect(new Set(directive?.Dimensions[0])).toEqual(new Set(["service", "partner", "kind"]));
    expect(directive?.Metrics.map(({ Name, Unit }) => [Name, Unit])).toEqual([
      ["Done", "Count"],
      ["Late", "Count"],
    ]);
    expect(second).not.toHaveProperty("kind");
  });

  it("are published early rather than kept without bound", () => {
    const { metrics } = openIn(open);
    const lines = linesOf(() => {
      for (let index = 0; index < 250; index += 1) metrics.count("Done", 1, { partner: `partner-${index}` });
    });
    expect(lines).toHaveLength(200);
  });
});
