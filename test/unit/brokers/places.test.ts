import { expect, test } from "vitest";
import { createPlaces } from "../../../src/runtime/brokers/shared/places.js";

test("M33: batches go in the order in which they came, each as a whole, one that is too large alone", () => {
  const places = createPlaces(() => 10);
  const gone: string[] = [];
  const enter = (name: string, count: number): void => places.enter(count, () => void gone.push(name));
  enter("a", 6);
  enter("b", 6);
  // it would fit beside a, but came later
  enter("c", 1);
  enter("d", 25);
  expect(gone).toEqual(["a"]);
  places.leave(3);
  expect(gone).toEqual(["a", "b", "c"]);
  places.leave(9);
  expect(gone).toEqual(["a", "b", "c"]);
  places.leave(1);
  expect(gone).toEqual(["a", "b", "c", "d"]);
  enter("e", 1);
  places.leave(24);
  expect(gone.at(-1)).toBe("e");
});

test("M33: what a batch gives back while it goes lets nobody pass in front of the rest of it", () => {
  let limit = 2;
  const places = createPlaces(() => limit);
  const gone: string[] = [];
  places.enter(2, () => {
    gone.push("first letter");
    places.leave(1);
    gone.push("second letter");
  });
  places.enter(1, () => void gone.push("next"));
  expect(gone).toEqual(["first letter", "second letter", "next"]);
  // a limit is asked for each time
  limit = 3;
  places.enter(1, () => void gone.push("wider"));
  expect(gone.at(-1)).toBe("wider");
});
