import test from "ava";
import { withoutMirrors } from "../../../loader/engine/workers/without-mirrors.js";
import { MIRROR_X, MIRROR_Z } from "../../../loader/kernels/kernels.js";

test("mirrorings become bits, the other transforms keep their order; mirroring an axis twice is none", (t) => {
  const noise = { kind: "noise", sigma: 0.1, counter: [1, 2, 3] } as const;
  const bright = { kind: "brightness", factors: [1.1] } as const;
  t.deepEqual(withoutMirrors([noise, bright, { kind: "mirror", axes: [0, 2] }]), {
    transforms: [noise, bright],
    mirrored: MIRROR_Z | MIRROR_X,
  });
  const twice = [
    { kind: "mirror", axes: [1, 2] },
    { kind: "mirror", axes: [1] },
  ] as const;
  t.deepEqual(withoutMirrors(twice), { transforms: [], mirrored: MIRROR_X });
  t.deepEqual(withoutMirrors([]), { transforms: [], mirrored: 0 });
});
