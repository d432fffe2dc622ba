import { expect, test } from "vitest";
import { createAdmission, type Admission, type AdmissionRequest } from "../../../lib/local/functions/admission.ts";
import { createTestClock } from "../support/test-clock.ts";

const wish = (overrides: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  functionName: "f",
  reservedConcurrency: null,
  background: false,
  payloadBytes: 1,
  waitMsMax: 1000,
  ...overrides,
});

const limits = { concurrencyMax: 3, keptForRequests: 1, waitingMax: 2, waitingBytesMax: 1000 };

/** What became of a wish so far: "waiting" until it is settled. */
function follow(admission: Admission, request: AdmissionRequest): { outcome: string } {
  const seen = { outcome: "waiting" };
  void admission.admit(request).then((outcome) => {
    seen.outcome = outcome;
  });
  return seen;
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("places are given up to the limit, then in the order of coming as they get free", async () => {
  const admission = createAdmission(limits, createTestClock(0));
  const running = [wish(), wish(), wish()];
  const begun = running.map((request) => follow(admission, request));
  const [first, second] = [follow(admission, wish()), follow(admission, wish())];
  await settle();
  expect(begun.map(({ outcome }) => outcome)).toEqual(["admitted", "admitted", "admitted"]);
  expect([first.outcome, second.outcome]).toEqual(["waiting", "waiting"]);

  admission.release(wish());
  await settle();

  expect([first.outcome, second.outcome]).toEqual(["admitted", "waiting"]);
});

test("whoever waits too long is throttled and takes no place later", async () => {
  const clock = createTestClock(0);
  const admission = createAdmission({ ...limits, concurrencyMax: 1 }, clock);
  const holder = wish();
  follow(admission, holder);
  const impatient = follow(admission, wish({ waitMsMax: 100 }));
  const patient = follow(admission, wish({ waitMsMax: 200 }));

  await clock.advance(100);
  expect([impatient.outcome, patient.outcome]).toEqual(["throttled", "waiting"]);
  admission.release(holder);
  await settle();
  expect(patient.outcome).toBe("admitted");
  const third = follow(admission, wish());
  await settle();
  expect(third.outcome).toBe("waiting");
});

test("the line is bounded by number and by bytes", async () => {
  const admission = createAdmission({ ...limits, concurrencyMax: 1 }, createTestClock(0));
  follow(admission, wish());
  follow(admission, wish({ payloadBytes: 600 }));

  expect(await admission.admit(wish({ payloadBytes: 401 }))).toBe("throttled");
  follow(admission, wish({ payloadBytes: 400 }));
  expect(await admission.admit(wish({ payloadBytes: 0 }))).toBe("throttled");
});

test("bytes of those who left the line no longer count", async () => {
  const clock = createTestClock(0);
  const admission = createAdmission({ ...limits, concurrencyMax: 1 }, clock);
  follow(admission, wish());
  follow(admission, wish({ payloadBytes: 1000, waitMsMax: 10 }));
  await clock.advance(10);

  const next = follow(admission, wish({ payloadBytes: 1000 }));
  await settle();

  expect(next.outcome).toBe("waiting");
});

test("a function at its reserved concurrency waits without holding up another", async () => {
  const admission = createAdmission(limits, createTestClock(0));
  const mine = wish({ functionName: "mine", reservedConcurrency: 1 });
  follow(admission, mine);
  const again = follow(admission, mine);
  const other = follow(admission, wish({ functionName: "other" }));
  await settle();
  expect([again.outcome, other.outcome]).toEqual(["waiting", "admitted"]);

  admission.release(mine);
  await settle();

  expect(again.outcome).toBe("admitted");
});

test("a reserved concurrency of none is always throttled", async () => {
  const admission = createAdmission(limits, createTestClock(0));

  expect(await admission.admit(wish({ reservedConcurrency: 0 }))).toBe("throttled");
});

test("background work leaves the last place to requests", async () => {
  const admission = createAdmission(limits, createTestClock(0));
  const background = [1, 2, 3].map(() => follow(admission, wish({ background: true })));
  const request = follow(admission, wish());
  await settle();

  expect(background.map(({ outcome }) => outcome)).toEqual(["admitted", "admitted", "waiting"]);
  expect(request.outcome).toBe("admitted");
});

test("closing throttles those who wait and those who come", async () => {
  const admission = createAdmission({ ...limits, concurrencyMax: 1 }, createTestClock(0));
  follow(admission, wish());
  const waiting = follow(admission, wish());

  admission.close();
  await settle();

  expect(waiting.outcome).toBe("throttled");
  expect(await admission.admit(wish())).toBe("throttled");
});
