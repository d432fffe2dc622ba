import { redactFields, redactText } from "../engine/redact.ts";
import type { InvocationLog } from "./log.ts";
import { bufferMetrics } from "./metric-buffer.ts";
import type { BufferedMetrics } from "./metric-buffer.ts";

/*
 * The same lines as Powertools writes, without Powertools: the webhook function stands between a partner and its answer,
 * and loading the two packages would be most of its cold start.
 */

export interface LineTelemetry {
  readonly log: InvocationLog;
  readonly metrics: BufferedMetrics;
}

export function createLineTelemetry(
  service: string,
  namespace: string,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): LineTelemetry {
  let invocation: Readonly<Record<string, string>> = {};
  const line = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const timestamp = new Date().toISOString();
    write(
      JSON.stringify({
        ...redactFields(fields),
        ...invocation,
        level,
        message: redactText(message),
        timestamp,
        service,
      }),
    );
  };
  return {
    log: {
      begin: (next) => {
        invocation = { ...next };
      },
      info: (message, fields) => line("INFO", message, fields),
      warn: (message, fields) => line("WARN", message, fields),
      error: (message, fields) => line("ERROR", message, fields),
    },
    metrics: bufferMetrics(({ dimensions, values }) => {
      const all = { service, ...dimensions };
      const metrics = [...values.keys()].map((name) => ({ Name: name, Unit: "Count" }));
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
      const directive = { Namespace: namespace, Dimensions: [Object.keys(all)], Metrics: metrics };
      write(
        JSON.stringify({
          _aws: { Timestamp: Date.now(), CloudWatchMetrics: [directive] },
          ...all,
          ...Object.fromEntries(values),
        }),
      );
    }),
  };
}
