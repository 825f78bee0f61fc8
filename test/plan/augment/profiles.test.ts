import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { type Augmentation, NNUNET_AUGMENTATION } from "../../../plan/augment/augmentation.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { parseDataSpec } from "../../../plan/run-spec/data-spec.js";

const parse = (augmentation: unknown) => parseDataSpec({ dataset: "Six", augmentation }).augmentation;

test("profiles are lists of transforms: none of them, nnU-Net's, and those without mirroring", (t) => {
  t.deepEqual(parse("none"), []);
  t.deepEqual(parse("nnunet"), NNUNET_AUGMENTATION);
  t.deepEqual(
    parse("nnunet-nomirror"),
    NNUNET_AUGMENTATION.filter(({ kind }) => kind !== "mirror"),
  );
});

test("what a transform leaves out is nnU-Net's, and the other gamma has its own probability", (t) => {
  const gamma = { kind: "gamma", range: [0.7, 1.5] };
  t.deepEqual<unknown, unknown>(parse([{ kind: "gamma" }]), [{ ...gamma, inverted: false, probability: 0.3 }]);
  t.deepEqual<unknown, unknown>(parse([{ kind: "gamma", inverted: true, range: [0.9, 1] }]), [
    { kind: "gamma", inverted: true, probability: 0.1, range: [0.9, 1] },
  ]);
  const noTurns = parse([{ kind: "spatial", rotationProbability: 0 }]);
  t.deepEqual(noTurns, [{ ...(NNUNET_AUGMENTATION[0] as Augmentation), rotationProbability: 0 }] as Augmentation[]);
});

test("a list comes to stand in nnU-Net's order, and is then read as itself", (t) => {
  const shuffled = fc.shuffledSubarray([...NNUNET_AUGMENTATION]);
  fc.assert(
    fc.property(shuffled, (list) => {
      const read = parse(list);
      t.deepEqual(
        read,
        NNUNET_AUGMENTATION.filter((entry) => list.includes(entry)),
      );
      t.deepEqual(parse(read), read);
    }),
  );
});

for (const [augmentation, message] of [
  [[{ axes: [0] }], /^data\.augmentation\[0\]\.kind is missing; it must be one of "spatial", "noise", "blur"/],
  [[{ kind: "elastic" }], /^data\.augmentation\[0\]\.kind is "elastic"; it must be one of "spatial"/],
  [
    [{ kind: "blur" }, { kind: "blur" }],
    /^data\.augmentation\[1\] is .*; it must be a transform that the list does not hold yet/,
  ],
  [
    [{ kind: "noise", range: [0.2, 0.1] }],
    /range is \[0\.2,0\.1\]; it must be two numbers, the first not above the second/,
  ],
  [[{ kind: "low-resolution", range: [0.5, 2] }], /range\[1\] is 2; it must be a number from 0\.1 to 1/],
  [[{ kind: "noise", sigma: 1 }], /^data\.augmentation\[0\]\.sigma is not a known field/],
  [[{ kind: "mirror", axes: [] }], /axes is \[\]; it must be a list of 1 to 3 entries/],
  [[{ kind: "mask", channels: [0, 0] }], /channels is \[0,0\]; it must be a list without repeats/],
  [["mirror"], /^data\.augmentation\[0\] is "mirror"; it must be an object/],
] as const) {
  test(`refused: ${JSON.stringify(augmentation)}`, (t) => {
    const error = t.throws(() => parse(augmentation), { instanceOf: PatchstreamError, message });
    t.is(error?.code, "SPEC_INVALID");
  });
}

test("the reference page's first list is nnU-Net's, and its others are valid", (t) => {
  const page = readFileSync(new URL("../../../../docs/reference/augmentation.md", import.meta.url), "utf8");
  const [nnunet, ...others] = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => JSON.parse(text ?? ""));
  t.deepEqual<unknown, unknown>(nnunet, NNUNET_AUGMENTATION);
  t.true(others.length > 0);
  for (const list of others) t.notThrows(() => parse(list));
});
