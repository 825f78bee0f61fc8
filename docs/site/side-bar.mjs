// The order of the pages. Titles are those of the pages; `stage-pages.mjs` fails where a page of docs/ is not listed.

/** Pages that the build writes from code. */
export const GENERATED = ["docs/reference/command-line.md", "docs/reference/messages.md"];

export const SIDE_BAR = [
  {
    text: "Start",
    pages: ["README.md", ...docs("tutorial", "first-training", "from-your-images-to-a-model-and-back")],
  },
  {
    text: "How to train",
    pages: docs(
      "how-to",
      "write-a-run-spec",
      "train-nnunet",
      "train-with-monai",
      "train-in-pytorch",
      "train-with-lightning",
      "train-on-a-gpu-with-pytorch",
      "watch-a-training",
      "steer-a-training",
      "run-a-study",
      "label-new-images",
    ),
  },
  {
    text: "How to serve",
    pages: docs(
      "how-to",
      "deploy",
      "size-a-fleet",
      "scale-data-servers",
      "run-on-kubernetes",
      "run-on-slurm",
      "serve-from-an-object-store",
      "serve-from-python",
    ),
  },
  {
    text: "How to look inside",
    pages: docs(
      "how-to",
      "look-at-a-batch",
      "see-how-a-training-went",
      "find-out-where-time-goes",
      "when-something-is-wrong",
      "numpy-from-python",
      "verify-a-batch-from-python",
      "ask-a-server-with-grpcurl",
    ),
  },
  {
    text: "How to extend it",
    pages: docs(
      "how-to",
      "extend-the-curriculum",
      "extend-the-sampling",
      "extend-the-transforms",
      "extend-the-store-reader",
      "extend-the-engine",
    ),
  },
  {
    text: "Reference",
    pages: docs(
      "reference",
      "command-line",
      "spec",
      "augmentation",
      "errors",
      "metrics",
      "traces",
      "protocol",
      "messages",
      "conformance",
      "inputs",
      "store",
      "prepared",
      "trainer",
      "onnx",
      "study",
      "study-report",
    ),
    links: [{ text: "API of the package", link: "/api/index.html", target: "_self" }],
  },
  {
    text: "Explanation",
    pages: [...docs("explanation", "how-it-works", "a-batch-is-a-value", "memory", "engines"), "ARCHITECTURE.md"],
  },
  {
    text: "Results",
    pages: [
      "benchmarks/RESULTS.md",
      "benchmarks/which-loader-feeds-a-trainer/README.md",
      "docs/study/README.md",
      "docs/study/report.md",
    ],
  },
  {
    text: "Project",
    pages: [
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      ...docs("decisions", "0001-nnunets-augmentation-by-default", "0002-a-lane-beside-grpc"),
    ],
  },
];

/** Paths of pages in a folder of docs/. */
function docs(folder, ...names) {
  return names.map((name) => `docs/${folder}/${name}.md`);
}

export function pagesOf(groups) {
  return groups.flatMap(({ pages }) => pages);
}
