import test from "ava";
import { parseRunSpec, parseTrainingSpec } from "../../trainer/spec.js";

test("the training half has nnU-Net's settings and refuses what it does not know", (t) => {
  t.deepEqual(parseTrainingSpec({}), {
    network: "auto",
    engine: "auto",
    optimizer: "sgd",
    learningRate: 0.01,
    momentum: 0.99,
    weightDecay: 3e-5,
    gradientClip: 12,
    control: { kind: "scheduled" },
    seed: 1,
  });
  t.is(parseTrainingSpec({ learningRate: 0.1 }).learningRate, 0.1);
  const refused = (value: unknown) => t.throws(() => parseTrainingSpec(value))?.message;
  t.is(refused({ learningRate: "0.1" }), 'training.learningRate is "0.1"; it must be a number above 0, at most 100');
  t.is(refused({ momentun: 1 }), "training.momentun is not a known field. Did you mean training.momentum?");
});

test("transformers are trained with MONAI's AdamW, U-Nets with nnU-Net's SGD, unless the spec says otherwise", (t) => {
  const rates = (value: object) => {
    const { optimizer, learningRate, weightDecay } = parseTrainingSpec(value);
    return [optimizer, learningRate, weightDecay];
  };
  for (const network of ["unetr", "swin-unetr"]) t.deepEqual(rates({ network }), ["adamw", 1e-4, 1e-5]);
  for (const network of ["auto", "plain-unet", "residual-unet"]) t.deepEqual(rates({ network }), ["sgd", 0.01, 3e-5]);
  t.deepEqual(rates({ network: "unetr", optimizer: "sgd" }), ["sgd", 0.01, 3e-5]);
  t.deepEqual(rates({ optimizer: "adamw", weightDecay: 0.1 }), ["adamw", 1e-4, 0.1]);
  t.deepEqual(rates({ network: "unetr", optimizer: "auto", learningRate: 0.1 }), ["adamw", 0.1, 1e-5]);
  t.is(
    t.throws(() => parseTrainingSpec({ network: "unetr", momentum: 0.9 }))?.message,
    "training.momentum is 0.9; it must be left out for the optimizer adamw",
  );
});

test("a value that would change nothing is refused; the one value there is may be named", (t) => {
  const named = { optimizer: "sgd", control: { kind: "scheduled" } };
  t.deepEqual(parseTrainingSpec(named), parseTrainingSpec({}));
  const refused = (value: unknown) => t.throws(() => parseTrainingSpec(value))?.message;
  t.is(
    refused({ network: "mednext" }),
    'training.network is "mednext"; it must be one of "auto", "plain-unet", "residual-unet", "unetr", "swin-unetr"',
  );
  t.is(refused({ optimizer: "adam" }), 'training.optimizer is "adam"; it must be one of "auto", "sgd", "adamw"');
  t.is(
    refused({ control: { kind: "plateau" } }),
    'training.control.kind is "plateau"; it must be one of "scheduled", "manual", "adaptive"',
  );
});

test("a control has the fields of its kind, and no others", (t) => {
  const control = (value: object) => parseTrainingSpec({ control: value }).control;
  const refused = (value: object) => t.throws(() => control(value))?.message;
  t.deepEqual(control({ kind: "manual" }), { kind: "manual" });
  t.deepEqual(control({ kind: "adaptive", mostEpochs: 9 }), {
    kind: "adaptive",
    leastEpochs: 1,
    mostEpochs: 9,
    patience: 10,
    minDelta: 0.001,
  });
  t.is(refused({}), 'training.control.kind is missing; it must be one of "scheduled", "manual", "adaptive"');
  t.is(
    refused({ kind: "manual", patience: 3 }),
    'training.control.patience is 3; it must be left out where training.control.kind is "manual"',
  );
  t.is(
    refused({ kind: "adaptive", leastEpochs: 5, mostEpochs: 4 }),
    "training.control.mostEpochs is 4; it must be at least leastEpochs, 5",
  );
});

test("a run spec is both halves, the training half with its defaults", (t) => {
  const run = parseRunSpec({ data: { dataset: "A", epochs: 3 } });
  t.deepEqual(run, { data: { dataset: "A", epochs: 3 }, training: parseTrainingSpec({}) });
  t.regex(
    t.throws(() => parseRunSpec({ training: {} }))?.message ?? "",
    /^data is missing; it must be an object\. The least is /,
  );
});
