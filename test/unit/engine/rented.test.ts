import { expect, test } from "vitest";
import { rentedNow } from "../../../src/engine/watch/rented.ts";

const one = { id: "i-1", type: "m5.large", from: 1000 };
const two = { id: "i-2", type: "m5.large", from: 1500 };

test("what is seen of a run's machines is taken over when it is news, and nothing is forgotten", () => {
  expect(rentedNow(undefined, undefined, 9000)).toBeUndefined();
  expect(rentedNow(undefined, [], 9000)).toEqual([]);
  expect(rentedNow([], [], 9000)).toBeUndefined();
  expect(rentedNow([one], undefined, 9000)).toBeUndefined();
  expect(rentedNow([one], [one], 9000)).toBeUndefined();
  expect(rentedNow([one], [two, one], 9000)).toEqual([one, two]);
  expect(rentedNow([one, two], [{ ...one, until: 8000 }, two], 9000)).toEqual([{ ...one, until: 8000 }, two]);
});

test("one that the provider tells no more of was rented until now at the latest; started again, it is another", () => {
  expect(rentedNow([one, two], [two], 9000)).toEqual([{ ...one, until: 9000 }, two]);
  expect(rentedNow([{ ...one, until: 8000 }], [], 9000)).toBeUndefined();
  const again = { ...one, from: 7000 };
  expect(rentedNow([one], [again], 9000)).toEqual([{ ...one, until: 9000 }, again]);
});
