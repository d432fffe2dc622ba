import type { Ports } from "../../../../lib/engine/ports.ts";
import type { MemoryPorts } from "../../../support/memory-ports.ts";
import { Died } from "../../support/world.ts";
import type { Death } from "../../support/world.ts";

/** The ports whose calls count as effects of the API's function. */
const effects = ["lanes", "runs", "records", "connections", "credentials", "failures", "eraser", "audit"] as const;

/** What the API's function has, as far as it is told to die. */
export type MortalPorts = Ports & Pick<MemoryPorts, "eraser">;

/** Every place where work of so many effects can die. */
export function everyDeath(calls: number): readonly Death[] {
  return Array.from({ length: calls }, (_, index) => index + 1).flatMap((atCall) => [
    { atCall, when: "before" as const },
    { atCall, when: "after" as const },
  ]);
}

/** Works until the death; `between` is what the rest of the world does after each effect. */
export async function interrupt(
  ports: MemoryPorts,
  death: Death | null,
  work: (ports: MortalPorts) => Promise<unknown>,
  between: (() => Promise<void>) | null = null,
): Promise<{ readonly died: boolean; readonly calls: number }> {
  let calls = 0;
  let dead = false;
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          calls += 1;
          if (calls === death?.atCall) dead = true;
          if (dead && (calls !== death?.atCall || death.when === "before")) throw new Died("dead");
          const result: unknown = await Reflect.apply(member, target, args);
          await between?.();
          if (dead) throw new Died("dead");
          return result;
        };
      },
    });
  const mortal: MortalPorts = { ...ports, ...Object.fromEntries(effects.map((name) => [name, wrap(ports[name])])) };
  try {
    await work(mortal);
    return { died: dead, calls };
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    return { died: true, calls };
  }
}
