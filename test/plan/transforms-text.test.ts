import test from "ava";
import { transformsText } from "../../plan/index.js";

test("each transform is said in words and numbers, a channel that is left alone as a dash", (t) => {
  const text = transformsText([
    { kind: "spatial", anglesRad: [Math.PI / 6, 0, -0.05], scale: 1.234, inPlane: false },
    { kind: "noise", sigma: 0.0517, counter: [5, 0, 22] },
    { kind: "blur", sigmas: [null, [0.5, 0.75, 1]] },
    { kind: "brightness", factors: [1.14, 0.9] },
    { kind: "contrast", factors: [0.8, 1.2] },
    { kind: "low-resolution", zooms: [[1, 0.62, 0.62], null] },
    { kind: "gamma", inverted: true, gammas: [0.7, 1.5] },
    { kind: "mirror", axes: [0, 2] },
    { kind: "mask", channels: [0, 2] },
  ]);
  t.is(
    text,
    "turn 30,0,-2.86 deg  zoom 1.23  noise 0.05  blur - 0.5,0.75,1  brightness 1.14,0.9  contrast 0.8,1.2  " +
      "low resolution 0.62,-  inverted gamma 0.7,1.5  flip z,x  mask 0,2",
  );
});

test("a turn in plane has one angle, and what does not happen is not said", (t) => {
  t.is(transformsText([{ kind: "spatial", anglesRad: [-Math.PI, 0, 0], scale: 1, inPlane: true }]), "turn -180 deg");
  t.is(transformsText([{ kind: "spatial", anglesRad: [0, 0, 0], scale: 0.7, inPlane: true }]), "zoom 0.7");
  t.is(transformsText([]), "as stored");
});
