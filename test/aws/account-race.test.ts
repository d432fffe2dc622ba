import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectionKey } from "../../lib/aws/connection-item.ts";
import { createConnectionStore } from "../../lib/aws/connection-store.ts";
import { Table } from "../../lib/aws/table.ts";
import type { Item } from "../../lib/aws/item.ts";
import type { Update, UpdateAnswer } from "../../lib/aws/table.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { connectionOf } from "../support/port-values.ts";
import { freshOwner, ownerOf } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

const silent = { error: () => undefined };

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());

/** A table that lets somebody else act at one exact moment. */
class InterruptedTable extends Table {
  beforeCreate: (item: Item) => Promise<void> = async () => {};
  beforeUpdate: () => Promise<void> = async () => {};

  constructor() {
    super(tableNameFor(stage, "connections"), () => services.dynamo, {
      clock: new VirtualClock(),
      random: new SeededRandom(1),
    });
  }

  override async create(item: Item): Promise<"created" | "exists"> {
    await this.beforeCreate(item);
    return super.create(item);
  }

  override async update(key: Item, update: Update): Promise<UpdateAnswer> {
    await this.beforeUpdate();
    return super.update(key, update);
  }
}

describe("two connections made for one account at the same time", () => {
  it("leave one, when the second takes the account over before the first is stored", async () => {
    const { partner } = freshOwner();
    const [first, second] = [1, 2].map((index) => connectionOf(ownerOf(partner, index), { account: "acct" }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    const table = new InterruptedTable();
    let made = "";
    table.beforeCreate = async (item) => {
      if (item["sk"]?.S === "meta") made = await createConnectionStore(new InterruptedTable(), silent).create(second);
    };
    const store = createConnectionStore(table, silent);
    expect([await store.create(first), made]).toEqual(["exists", "created"]);
    expect(await store.read(partner, first.connectionId)).toBeNull();
    expect(await store.findByAccount(partner, "acct")).toEqual(second);
  });

  it("leave one, when the first is stored just before the second takes the account over", async () => {
    const { partner } = freshOwner();
    const [first, second] = [1, 2].map((index) => connectionOf(ownerOf(partner, index), { account: "acct" }));
    if (first === undefined || second === undefined) throw new Error("there are two");
    const [tableOfFirst, tableOfSecond] = [new InterruptedTable(), new InterruptedTable()];
    let go: () => void = () => {};
    const released = new Promise<void>((resolve) => {
      go = resolve;
    });
    let waiting: () => void = () => {};
    const reached = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    tableOfFirst.beforeCreate = async (item) => {
      if (item["sk"]?.S !== "meta") return;
      waiting();
      await released;
    };
    const creatingFirst = createConnectionStore(tableOfFirst, silent).create(first);
    await reached;
    let madeFirst = "";
    tableOfSecond.beforeUpdate = async () => {
      tableOfSecond.beforeUpdate = async () => {};
      go();
      madeFirst = await creatingFirst;
    };
    const store = createConnectionStore(tableOfSecond, silent);
    expect([await store.create(second), madeFirst]).toEqual(["exists", "created"]);
    expect(await store.read(partner, second.connectionId)).toBeNull();
    expect(await store.findByAccount(partner, "acct")).toEqual(first);
  });

  it("find an account free that a connection took and died before it was stored", async () => {
    const { partner } = freshOwner();
    const table = new InterruptedTable();
    table.beforeCreate = async (item) => {
      if (item["sk"]?.S === "meta") throw new Error("killed here");
    };
    await expect(
      createConnectionStore(table, silent).create(connectionOf(ownerOf(partner, 1), { account: "acct" })),
    ).rejects.toThrow("killed");
    const store = createConnectionStore(new InterruptedTable(), silent);
    expect(await store.findByAccount(partner, "acct")).toBeNull();
    expect(await store.create(connectionOf(ownerOf(partner, 2), { account: "acct" }))).toBe("created");
    expect((await store.findByAccount(partner, "acct"))?.connectionId).toBe(ownerOf(partner, 2).connectionId);
    expect(await new InterruptedTable().get(connectionKey(partner, ownerOf(partner, 1).connectionId))).toBeNull();
  });

  it("leave no trace of an account that a connection gave up and died before its pointer followed", async () => {
    const { partner } = freshOwner();
    const table = new InterruptedTable();
    const store = createConnectionStore(table, silent);
    const connection = connectionOf(ownerOf(partner, 1), { account: "old" });
    await store.create(connection);
    table.beforeCreate = async () => {
      throw new Error("killed here");
    };
    await expect(store.compareAndSet({ ...connection, account: "new", revision: 2 })).rejects.toThrow("killed");
    table.beforeCreate = async () => {};
    expect(await store.findByAccount(partner, "old")).toBeNull();
    expect(await store.create(connectionOf(ownerOf(partner, 2), { account: "old" }))).toBe("created");
  });
});
