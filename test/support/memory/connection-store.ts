import { nextLookOf } from "../../../lib/engine/connection-look.ts";
import { accountHashOf } from "../../../lib/engine/erasure.ts";
import type { Erasure } from "../../../lib/engine/erasure.ts";
import { timeSortKey } from "../../../lib/engine/page-cursor.ts";
import type { Connection, ConnectionStore, Note, Page, PageRequest, ResourceState } from "../../../lib/engine/ports.ts";
import { pageOf } from "./pages.ts";

type Owner = Pick<Connection, "partner" | "connectionId">;

export class MemoryConnectionStore implements ConnectionStore {
  readonly #connections = new Map<string, Connection>();
  readonly #resources = new Map<string, ResourceState>();
  readonly #notes = new Map<string, Note>();
  readonly #goneAccounts = new Set<string>();
  readonly #marks = new Map<string, Erasure>();
  readonly #forget: (owner: Owner) => void;

  /** @param forget removes the connection's credential, which another port keeps */
  constructor(forget: (owner: Owner) => void) {
    this.#forget = forget;
  }

  all(): Connection[] {
    return [...this.#connections.values()].map((connection) => structuredClone(connection));
  }

  resources(): ResourceState[] {
    return [...this.#resources.values()].map((state) => structuredClone(state));
  }

  /** The eraser's. */
  forgetResources(owner: Owner): void {
    for (const state of this.resources())
      if (keyOf(state) === keyOf(owner)) this.#resources.delete(resourceKeyOf(state));
    this.#forgetNotes(owner);
    this.#forget(owner);
  }

  marks(): Erasure[] {
    return [...this.#marks.values()];
  }

  /** The eraser's: puts a mark in a connection's place, or moves it on. */
  mark(erasure: Erasure): "stored" | "superseded" {
    const stored = this.#connections.get(keyOf(erasure)) ?? this.#marks.get(keyOf(erasure));
    if (stored?.revision !== erasure.revision - 1) return "superseded";
    this.#connections.delete(keyOf(erasure));
    this.#marks.set(keyOf(erasure), structuredClone(erasure));
    if (erasure.account !== null) this.#goneAccounts.add(accountHashOf(erasure.partner, erasure.account));
    return "stored";
  }

  async isGone(
    partner: string,
    of: { readonly connectionId: string } | { readonly account: string },
  ): Promise<boolean> {
    if ("connectionId" in of) return this.#marks.has(keyOf({ partner, connectionId: of.connectionId }));
    return this.#goneAccounts.has(accountHashOf(partner, of.account));
  }

  async create(connection: Connection): Promise<"created" | "exists"> {
    const held = connection.account !== null && this.#holderOf(connection.partner, connection.account) !== null;
    if (held || this.#connections.has(keyOf(connection)) || this.#marks.has(keyOf(connection))) return "exists";
    this.#connections.set(keyOf(connection), structuredClone(connection));
    return "created";
  }

  async read(partner: string, connectionId: string): Promise<Connection | null> {
    const connection = this.#connections.get(keyOf({ partner, connectionId }));
    return connection === undefined ? null : structuredClone(connection);
  }

  async findByAccount(partner: string, account: string): Promise<Connection | null> {
    return this.#holderOf(partner, account);
  }

  async compareAndSet(next: Connection): Promise<"stored" | "superseded"> {
    const stored = this.#connections.get(keyOf(next));
    if (stored === undefined || stored.revision !== next.revision - 1) return "superseded";
    this.#connections.set(keyOf(next), structuredClone(next));
    return "stored";
  }

  async remove(partner: string, connectionId: string): Promise<void> {
    this.#connections.delete(keyOf({ partner, connectionId }));
    for (const state of await this.listResources(partner, connectionId)) this.#resources.delete(resourceKeyOf(state));
    this.#forgetNotes({ partner, connectionId });
    this.#forget({ partner, connectionId });
  }

  async readNote(partner: string, owner: string, name: string): Promise<Note | null> {
    const note = this.#notes.get(noteKeyOf({ partner, owner, name }));
    return note === undefined ? null : structuredClone(note);
  }

  async writeNote(next: Note): Promise<"stored" | "superseded"> {
    const stored = this.#notes.get(noteKeyOf(next));
    if ((stored?.revision ?? 0) !== next.revision - 1) return "superseded";
    this.#notes.set(noteKeyOf(next), structuredClone(next));
    return "stored";
  }

  async list(tenantId: string | null, page: PageRequest): Promise<Page<Connection>> {
    const listed = this.all().filter((connection) => tenantId === null || connection.tenantId === tenantId);
    return pageOf(
      listed,
      (connection) => timeSortKey(connection.createdAtMs, `${connection.partner}#${connection.connectionId}`),
      "ascending",
      page,
    );
  }

  async readResource(partner: string, connectionId: string, resource: string): Promise<ResourceState | null> {
    const state = this.#resources.get(resourceKeyOf({ partner, connectionId, resource }));
    return state === undefined ? null : structuredClone(state);
  }

  async listResources(partner: string, connectionId: string): Promise<readonly ResourceState[]> {
    return this.resources()
      .filter((state) => state.partner === partner && state.connectionId === connectionId)
      .toSorted((a, b) => (a.resource < b.resource ? -1 : 1));
  }

  async createResource(state: ResourceState): Promise<"created" | "exists"> {
    if (this.#resources.has(resourceKeyOf(state))) return "exists";
    this.#resources.set(resourceKeyOf(state), structuredClone(state));
    return "created";
  }

  async compareAndSetResource(next: ResourceState): Promise<"stored" | "superseded"> {
    const stored = this.#resources.get(resourceKeyOf(next));
    if (stored === undefined || stored.revision !== next.revision - 1) return "superseded";
    this.#resources.set(resourceKeyOf(next), structuredClone(next));
    return "stored";
  }

  async due(partner: string, nowMs: number, limit: number): Promise<readonly ResourceState[]> {
    return this.resources()
      .filter((state) => state.partner === partner && state.nextDueMs !== null && state.nextDueMs <= nowMs)
      .toSorted((a, b) => (a.nextDueMs ?? 0) - (b.nextDueMs ?? 0))
      .slice(0, limit);
  }

  async dueLooks(partner: string, nowMs: number, limit: number): Promise<readonly Connection[]> {
    const lookOf = (connection: Connection): number => nextLookOf(connection) ?? Number.POSITIVE_INFINITY;
    return this.all()
      .filter((connection) => connection.partner === partner && lookOf(connection) <= nowMs)
      .toSorted((a, b) => lookOf(a) - lookOf(b))
      .slice(0, limit);
  }

  #forgetNotes({ partner, connectionId }: Owner): void {
    for (const [key, note] of this.#notes)
      if (note.partner === partner && note.owner === connectionId) this.#notes.delete(key);
  }

  #holderOf(partner: string, account: string): Connection | null {
    return this.all().find((connection) => connection.partner === partner && connection.account === account) ?? null;
  }
}

function keyOf(owner: Owner): string {
  return JSON.stringify([owner.partner, owner.connectionId]);
}

function noteKeyOf(note: Pick<Note, "partner" | "owner" | "name">): string {
  return JSON.stringify([note.partner, note.owner, note.name]);
}

function resourceKeyOf(state: Pick<ResourceState, "partner" | "connectionId" | "resource">): string {
  return JSON.stringify([state.partner, state.connectionId, state.resource]);
}
