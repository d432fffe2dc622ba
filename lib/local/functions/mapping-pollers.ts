import type { LocalServices, MappingModel } from "../types.ts";
import type { MappingPoller, MappingState } from "./mapping-poller.ts";
import { pollerFor, type PollerParts } from "./poller-for.ts";

export interface MappingPollersOptions extends PollerParts {
  readonly services: Pick<LocalServices, "readStream" | "mappings">;
}

/** The pollers of all event source mappings, obeying the Lambda API. */
export interface MappingPollers {
  states(): Readonly<Record<string, MappingState>>;
  /** Takes nothing more; resolves when what was taken is finished. */
  stop(): Promise<void>;
}

/** @throws {Error} naming the mapping that Lambda would refuse */
export async function startMappingPollers(options: MappingPollersOptions): Promise<MappingPollers> {
  const { services, onLog } = options;
  const pollers = new Map<string, { readonly mapping: MappingModel; readonly poller: MappingPoller }>();

  async function add(mapping: MappingModel): Promise<void> {
    const poller = await pollerFor(mapping, options);
    pollers.set(mapping.id, { mapping, poller });
    poller.start();
  }

  async function obey(id: string): Promise<void> {
    const wanted = services.mappings?.get(id) ?? null;
    const current = pollers.get(id);
    if (wanted === null || current === undefined) return;
    if (sameButEnabled(wanted, current.mapping)) return current.poller.setEnabled(wanted.enabled);
    await current.poller.stop();
    await add(wanted);
  }

  const unsubscribe = services.mappings?.subscribe((id) => {
    obey(id).catch((error: unknown) =>
      onLog({ level: "warn", source: `mapping ${id}`, text: `an update was not applied: ${String(error)}` }),
    );
  });
  for (const mapping of services.mappings?.list() ?? options.model.mappings) await add(mapping);

  return {
    states: () => Object.fromEntries([...pollers].map(([id, { poller }]) => [id, poller.state()])),
    async stop() {
      unsubscribe?.();
      await Promise.all([...pollers.values()].map(({ poller }) => poller.stop()));
    },
  };
}

function sameButEnabled(a: MappingModel, b: MappingModel): boolean {
  return JSON.stringify({ ...a, enabled: true }) === JSON.stringify({ ...b, enabled: true });
}
