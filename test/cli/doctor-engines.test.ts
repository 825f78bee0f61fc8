import test from "ava";
import { type EngineState, engineNames } from "../../trainer/index.js";
import { patchstream, patchstreamHere } from "./command.js";

test("doctor without a run says of each engine whether it can train here, and if not, why and what to run", async (t) => {
  const { code, stdout } = await patchstream("doctor", "--json");
  t.is(code, 0);
  const { engines } = JSON.parse(stdout) as { engines: readonly EngineState[] };
  t.deepEqual(
    engines.map(({ name }) => name),
    engineNames.slice(1),
  );
  for (const engine of engines)
    if (!engine.usable) t.regex(`${engine.reason}. ${engine.hint}`, /^[^\n]+ Run: npm [^\n]+$/);
  t.true(engines.find(({ name }) => name === "onnx")?.usable);
  const first = engines.find(({ usable }) => usable)?.name;
  const text = await patchstreamHere("doctor");
  t.is(text.code, 0);
  t.regex(text.stdout, new RegExp(`^auto is ${first}$`, "m"));
  for (const engine of engines) {
    const said = engine.usable ? "usable" : `not usable: ${engine.reason}`;
    t.true(
      text.stdout.split("\n").some((line) => line.startsWith(`${engine.name} `) && line.endsWith(`  ${said}`)),
      said,
    );
  }
});

test("doctor with half of what a run needs names the flag that is missing", async (t) => {
  const { code, stderr } = await patchstreamHere("doctor", "--data", "localhost:1");
  t.is(code, 2);
  t.regex(stderr, /--run <file> is not given/);
});
