import type { Metrics } from "../engine/ports.ts";

/** The metrics of one set of dimensions, summed by name. */
export interface MetricGroup {
  readonly dimensions: { readonly partner?: string; readonly kind?: string };
  readonly values: ReadonlyMap<string, number>;
}

/** Metrics that are summed until somebody publishes them: a line for each set of dimensions, not one for each count. */
export interface BufferedMetrics extends Metrics {
  flush(): void;
}

/** Published early beyond this: an invocation has few. */
const groupsMax = 100;

export function bufferMetrics(publish: (group: MetricGroup) => void): BufferedMetrics {
  const groups = new Map<
    string,
    { readonly dimensions: MetricGroup["dimensions"]; readonly values: Map<string, number> }
  >();

  const flush = (): void => {
    const full = [...groups.values()];
    groups.clear();
    for (const group of full) publish(group);
  };

  return {
    flush,
    count(name, value, dimensions) {
      const key = JSON.stringify([dimensions.partner ?? null, dimensions.kind ?? null]);
      const group = groups.get(key) ?? { dimensions: { ...dimensions }, values: new Map<string, number>() };
      group.values.set(name, (group.values.get(name) ?? 0) + value);
      groups.set(key, group);
      if (groups.size >= groupsMax) flush();
    },
  };
}
