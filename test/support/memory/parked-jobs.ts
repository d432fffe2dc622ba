import { Job } from "../../../lib/engine/job.ts";
import type { ParkedJob, ParkedJobs, Parking, Random } from "../../../lib/engine/ports.ts";

type Owner = Pick<Parking, "partner" | "connectionId">;

export class MemoryParkedJobs implements ParkedJobs {
  readonly #parkings = new Map<string, Parking>();
  readonly #jobs = new Map<string, ParkedJob>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  all(): ParkedJob[] {
    return [...this.#jobs.values()].map((parked) => structuredClone(parked));
  }

  async park(job: Job, at: Parameters<ParkedJobs["park"]>[1]): Promise<void> {
    const owner = { partner: job.partner, connectionId: at.connectionId };
    const parked = { ...owner, job: Job.parse(structuredClone(job)), reason: at.reason, stamp: this.#random.id() };
    this.#jobs.set(jobKeyOf(parked), parked);
    const former = this.#parkings.get(keyOf(owner));
    const nextLookMs = former?.nextLookMs ?? at.untilMs;
    const revision = (former?.revision ?? 0) + 1;
    this.#parkings.set(keyOf(owner), { ...owner, reason: at.reason, nextLookMs, revision });
  }

  async due(partner: string, nowMs: number, limit: number): Promise<readonly Parking[]> {
    return [...this.#parkings.values()]
      .filter((parking) => parking.partner === partner && parking.nextLookMs <= nowMs)
      .toSorted((a, b) => a.nextLookMs - b.nextLookMs)
      .slice(0, limit)
      .map((parking) => ({ ...parking }));
  }

  async list(partner: string, connectionId: string, limit: number): Promise<readonly ParkedJob[]> {
    return this.#of({ partner, connectionId })
      .toSorted((a, b) => a.job.createdAtMs - b.job.createdAtMs)
      .slice(0, limit)
      .map((parked) => structuredClone(parked));
  }

  async remove(parked: ParkedJob): Promise<void> {
    if (this.#jobs.get(jobKeyOf(parked))?.stamp === parked.stamp) this.#jobs.delete(jobKeyOf(parked));
  }

  async look(parking: Parking, nextLookMs: number | null): Promise<"stored" | "superseded"> {
    if (this.#parkings.get(keyOf(parking))?.revision !== parking.revision) return "superseded";
    if (nextLookMs === null) this.#parkings.delete(keyOf(parking));
    else this.#parkings.set(keyOf(parking), { ...parking, nextLookMs, revision: parking.revision + 1 });
    return "stored";
  }

  async wake(partner: string, connectionId: string, nowMs: number): Promise<void> {
    const parking = this.#parkings.get(keyOf({ partner, connectionId }));
    if (parking !== undefined) await this.look(parking, nowMs);
  }

  async count(partner: string, connectionId: string | null): Promise<number> {
    const own = [...this.#jobs.values()].filter((parked) => parked.partner === partner);
    return own.filter((parked) => connectionId === null || parked.connectionId === connectionId).length;
  }

  #of(owner: Owner): ParkedJob[] {
    return [...this.#jobs.values()].filter((parked) => keyOf(parked) === keyOf(owner));
  }
}

function keyOf({ partner, connectionId }: Owner): string {
  return JSON.stringify([partner, connectionId]);
}

function jobKeyOf(parked: Owner & { readonly job: Pick<Job, "id"> }): string {
  return JSON.stringify([parked.partner, parked.connectionId, parked.job.id]);
}
