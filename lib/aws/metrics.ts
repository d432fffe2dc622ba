import { Metrics as PowertoolsMetrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { bufferMetrics } from "./metric-buffer.ts";
import type { BufferedMetrics } from "./metric-buffer.ts";

/** EMF lines on standard output, which CloudWatch makes metrics of; name and namespace come from Powertools' own variables. */
export function createMetrics(): BufferedMetrics {
  const powertools = new PowertoolsMetrics();
  return bufferMetrics(({ dimensions, values }) => {
    for (const [name, value] of Object.entries(dimensions)) powertools.addDimension(name, value);
    for (const [name, value] of values) powertools.addMetric(name, MetricUnit.Count, value);
    powertools.publishStoredMetrics();
  });
}
