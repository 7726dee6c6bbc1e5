import { expect, test } from "vitest";
import { rentedNow } from "../../../src/engine/watch/rented.ts";

const one = { id: "i-1", type: "m5.large", from: 1000 };
const two = { id: "i-2", type: "m5.large", from: 1500 };

test("what is seen of a run's machines is taken over when it is news, and nothing is forgotten", () => {
  expect(rentedNow(undefined, {}, 9000)).toBeUndefined();
  expect(rentedNow(undefined, { rented: [] }, 9000)).toEqual([]);
  expect(rentedNow([], { rented: [] }, 9000)).toBeUndefined();
  expect(rentedNow([one], {}, 9000)).toBeUndefined();
  expect(rentedNow([one], { rented: [one] }, 9000)).toBeUndefined();
  expect(rentedNow([one], { rented: [two, one] }, 9000)).toEqual([one, two]);
  expect(rentedNow([one, two], { rented: [{ ...one, until: 8000 }, two] }, 9000)).toEqual([
    { ...one, until: 8000 },
    two,
  ]);
});

test("one that the provider tells no more of was rented until now at the latest; started again, it is another", () => {
  expect(rentedNow([one, two], { rented: [two] }, 9000)).toEqual([{ ...one, until: 9000 }, two]);
  expect(rentedNow([{ ...one, until: 8000 }], { rented: [] }, 9000)).toBeUndefined();
  const again = { ...one, from: 7000 };
  expect(rentedNow([one], { rented: [again] }, 9000)).toEqual([{ ...one, until: 9000 }, again]);
});

test("one that another has started again was rented until then, and no longer", () => {
  const returned = [{ id: "i-1", by: 7000 }];
  expect(rentedNow([one, two], { rented: [two], returned }, 9000)).toEqual([{ ...one, until: 7000 }, two]);
  expect(rentedNow([one, two], { returned }, 9000)).toEqual([{ ...one, until: 7000 }, two]);
  expect(rentedNow([one], { returned: [{ id: "i-1" }] }, 9000)).toEqual([{ ...one, until: 9000 }]);
});

test("a run of which some were given back before it was first looked at stays unknown", () => {
  expect(rentedNow(undefined, { rented: [two], returned: [{ id: "i-1" }] }, 9000)).toBeUndefined();
});
