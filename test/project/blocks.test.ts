import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { codeBlocks, documents, root } from "./documents.js";

/** What is true of all blocks of a language, whatever page they are on. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  "": "what a terminal shows; its commands are held against their options by test/project/commands.test.ts",
  console: "the same",
  text: "a file's lines",
  ts: "compiled by test/project/examples.test.ts",
  json: "read as JSON by test/project/commands.test.ts",
};

/** Who runs the blocks of a page in one of the other languages. */
const RUN_BY: Readonly<Record<string, string>> = {
  "README.md bash": "test/project/readme.slow.test.ts",
  "README.md python": "client/python/tests/test_readme.py",
  "client/python/README.md python": "client/python/tests/test_readme.py",
  "docs/how-to/extend-the-curriculum.md js": "test/project/examples.test.ts",
  "docs/how-to/extend-the-engine.md js": "test/project/examples.test.ts",
  "docs/how-to/extend-the-sampling.md js": "test/project/examples.test.ts",
  "docs/how-to/extend-the-store-reader.md js": "test/project/examples.test.ts",
  "docs/how-to/extend-the-transforms.md js": "test/project/examples.test.ts",
  "docs/how-to/look-at-a-batch.md python": "test/python/run.sh",
  "docs/how-to/numpy-from-python.md python": "client/python/tests/test_run_how_to.py",
  "docs/how-to/serve-from-python.md python": ".ci/python-package.sh",
  "docs/how-to/train-in-pytorch.md python": "client/python/tests/torch/test_pages.py",
  "docs/how-to/train-nnunet.md sh": "client/python/tests/nnunet/test_how_to.py",
  "docs/how-to/train-on-a-gpu-with-pytorch.md sh": "client/python/tests/trainer/test_how_to.py",
  "docs/how-to/train-with-lightning.md python": "client/python/tests/torch/test_pages.py",
  "docs/how-to/train-with-monai.md python": "client/python/tests/torch/test_pages.py",
  "docs/how-to/verify-a-batch-from-python.md python": "client/python/tests/plan/test_page.py",
  "docs/reference/traces.md python": "client/python/tests/test_traces.py",
  "docs/tutorial/from-your-images-to-a-model-and-back.md bash": "test/project/tutorial.slow.test.ts",
};

/** Why nobody runs them. Shell commands are read by bash, and ours are held against their options, all the same. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "CONTRIBUTING.md bash": ".ci/run and .ci/long run these commands, but those that take an hour",
  "client/python/README.md bash": "installs, which .ci/python-package.sh does in its own way, and serves for good",
  "docs/how-to/ask-a-server-with-grpcurl.md bash":
    "its calls are those of test/conformance/grpcurl.test.ts; jq is not there everywhere",
  "docs/how-to/numpy-from-python.md bash": "installs, as .ci/python-package.sh does, and serves for good",
  "docs/how-to/run-on-kubernetes.md yaml": "needs a cluster with cert-manager",
  "docs/how-to/scale-data-servers.md yaml": "needs a cluster with KEDA",
  "docs/how-to/serve-from-an-object-store.md bash":
    "needs somebody's bucket; test/s3/run.sh serves from one of its own",
  "docs/how-to/serve-from-python.md bash": "installs, as .ci/python-package.sh does, and serves for good",
  "docs/reference/metrics.md yaml": "lines of a Prometheus configuration; npm run test:alerts reads the whole of ours",
  "docs/reference/traces.md js": "needs the OpenTelemetry SDK for Node.js, which is no dependency",
  "docs/study/README.md bash": "takes two hours",
};

test("each block of code on a page is run, or it says here why not", (t) => {
  const shown = new Set<string>();
  for (const { page, language } of documents().flatMap(codeBlocks))
    if (EVERYWHERE[language] === undefined) shown.add(`${page} ${language}`);
  t.deepEqual([...Object.keys(RUN_BY), ...Object.keys(NOT_RUN)].toSorted(), [...shown].toSorted());
});

test("who runs a page's code names the page", (t) => {
  for (const [block, file] of Object.entries(RUN_BY)) {
    t.true(existsSync(join(root, file)), file);
    const [, name = ""] = /([\w-]+)\.md /.exec(block) ?? [];
    const said = readFileSync(join(root, file), "utf8");
    t.true(
      said.includes(name) || (name.startsWith("extend-the-") && said.includes("extend-the-")),
      `${file}: ${block}`,
    );
  }
});
