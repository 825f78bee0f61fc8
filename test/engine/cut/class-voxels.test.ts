import test from "ava";
import fc from "fast-check";
import { classVoxels, labelNumbers } from "../../../loader/engine/cut/class-voxels.js";

const CLASSES = [1, 2, 5, 200];

/** Runs of labels as they lie in a patch, other values than classes among them. */
const labels = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 2, 3, 5, 200, 201, 255), fc.integer({ min: 1, max: 12 })), { maxLength: 40 })
  .map((runs) => runs.flatMap(([value, length]) => new Array<number>(length).fill(value)));

test("voxels of each class are those that are counted one by one, wherever the label lies in memory", (t) => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 3 }), fc.nat(3), fc.constantFrom("u8", "i16"), (parts, shift, type) => {
      const views = parts.map((values) => {
        const width = type === "u8" ? 1 : 2;
        const memory = new SharedArrayBuffer(16 + width * values.length);
        const view = labelNumbers(type, new Uint8Array(memory, shift * width, width * values.length));
        view.set(values);
        return view;
      });
      const expected = CLASSES.map((one) => parts.flat().filter((value) => value === one).length);
      t.deepEqual(classVoxels(views, CLASSES), expected);
    }),
  );
});

test("labels below 0 and a data set without classes count nothing", (t) => {
  t.deepEqual(classVoxels([Int16Array.of(-1, 1, -32768, 1, 32767)], [1, 2]), [2, 0]);
  t.deepEqual(classVoxels([Uint8Array.of(0, 1, 2)], []), []);
});
