import { type OnnxModel, PatchstreamError, readOnnxModel } from "patchstream/browser";
import sampleUrl from "../../data/Task04_Hippocampus/imagesTr/hippocampus_381_0000.nii.gz?url";
import { element } from "./elements.js";
import { startLabelling } from "./labelling.js";
import type { Labelled, ModelFile } from "./messages.js";
import { openViewer } from "./viewer.js";
import { volumeRows } from "./volume-rows.js";

const SHIPPED_MODEL = "hippocampus.onnx";
const NIFTI = /(\.nii)?(\.gz)?$/i;

const modelLine = element("model", HTMLParagraphElement);
const mirror = element("mirror", HTMLInputElement);
const mirrorRow = element("mirror-row", HTMLLabelElement);
const work = element("work", HTMLElement);
const status = element("status", HTMLParagraphElement);
const progress = element("progress", HTMLProgressElement);
const cancel = element("cancel", HTMLButtonElement);
const errorLine = element("error", HTMLParagraphElement);
const result = element("result", HTMLElement);
const volumeBody = element("volumes", HTMLTableSectionElement);
const opacity = element("opacity", HTMLInputElement);
const save = element("save", HTMLButtonElement);
const runsOn = element("runs-on", HTMLParagraphElement);
const empty = element("empty", HTMLParagraphElement);
const drop = element("drop", HTMLElement);

const viewer = await openViewer(element("canvas", HTMLCanvasElement));
if (viewer === undefined)
  empty.textContent = "This browser has no WebGL 2: labels can be made and saved, but not seen.";

let model: { readonly file: ModelFile; readonly facts: OnnxModel } | undefined;
let image: File | undefined;
let stop: () => void = () => undefined;

function fail(line: string): void {
  work.hidden = true;
  errorLine.textContent = line;
  errorLine.hidden = false;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the next image or model makes out of date. */
function clearResult(): void {
  stop();
  stop = () => undefined;
  errorLine.hidden = true;
  result.hidden = true;
  work.hidden = true;
}

async function bytesAt(url: string, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${what} could not be loaded: the server says ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function takeModel(file: ModelFile): void {
  clearResult();
  try {
    const facts = readOnnxModel(file.name, file.bytes);
    model = { file, facts };
    const { dataset, channelNames, patchSize, labelSet, mirrorAxes } = facts;
    const names = Object.keys(labelSet.labels).filter((name) => labelSet.labels[name] !== 0);
    modelLine.textContent = `${file.name}: trained on ${dataset} (${channelNames.join(", ")}), gives ${names.join(", ")}, patch ${patchSize.join("x")}`;
    mirrorRow.hidden = mirrorAxes.length === 0;
    labelImage();
  } catch (error) {
    fail(error instanceof PatchstreamError ? error.message : `${file.name}: ${messageOf(error)}`);
  }
}

async function takeImage(file: File): Promise<void> {
  image = file;
  viewer?.clear();
  labelImage();
  if (viewer === undefined) return;
  empty.hidden = true;
  try {
    await viewer.showImage(file);
  } catch {
    empty.hidden = false; // the line of what is wrong with it comes from the worker, in our words
    empty.textContent = "No picture of this file.";
  }
}

function labelImage(): void {
  clearResult();
  if (image === undefined || model === undefined) return;
  const of = image;
  work.hidden = false;
  status.textContent = `${of.name}: reading`;
  progress.value = 0;
  progress.hidden = false;
  cancel.hidden = false;
  const job = { model: model.file, image: of, mirror: mirror.checked };
  stop = startLabelling(job, {
    runsOn(text) {
      runsOn.textContent = `Runs on ${text}.`;
    },
    progress(share) {
      status.textContent = `${of.name}: ${Math.round(100 * share)} % of the windows`;
      progress.value = share;
    },
    done: (labelled) => void showResult(of, labelled),
    failed: fail,
  });
}

async function showResult(of: File, { nifti, volumes, zeroed, seconds }: Labelled): Promise<void> {
  const label = new File([nifti], `${of.name.replace(NIFTI, "")}_label.nii.gz`);
  const note = zeroed === 0 ? "" : `; ${zeroed} voxels of NaN or infinity counted as 0`;
  status.textContent = `${of.name}: labelled in ${seconds.toFixed(1)} s${note}`;
  progress.hidden = true;
  cancel.hidden = true;
  volumeBody.replaceChildren(...volumeRows(volumes));
  save.onclick = () => download(label);
  const ofThis = stop;
  await viewer?.showLabel(label, volumes, opacity.valueAsNumber).catch(() => undefined); // no picture, and that was said
  if (stop === ofThis) result.hidden = false; // else it is out of date
}

/** Has the browser save a file, as if it came from a link. */
function download(file: File): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function takeFirst({ files }: { readonly files: FileList | null }, take: (file: File) => void): void {
  const [file] = files ?? [];
  if (file !== undefined) take(file);
}

const imageFile = element("image-file", HTMLInputElement);
imageFile.addEventListener("change", () => takeFirst(imageFile, takeImage));
imageFile.addEventListener("click", () => {
  imageFile.value = ""; // the same file again is a choice, too
});

const modelFile = element("model-file", HTMLInputElement);
modelFile.addEventListener("change", () =>
  takeFirst(modelFile, async (file) => takeModel({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
);

element("sample", HTMLButtonElement).addEventListener("click", async () => {
  try {
    const bytes = await bytesAt(sampleUrl, "the sample");
    await takeImage(new File([bytes], "hippocampus_381.nii.gz"));
  } catch (error) {
    fail(messageOf(error));
  }
});

mirror.addEventListener("change", labelImage);
cancel.addEventListener("click", () => {
  stop();
  work.hidden = true;
});
opacity.addEventListener("input", () => viewer?.setOpacity(opacity.valueAsNumber));

for (const kind of ["dragenter", "dragover"])
  document.addEventListener(kind, (event) => {
    event.preventDefault(); // else the browser leaves the page for the file
    drop.classList.add("dropping");
  });
for (const kind of ["dragleave", "drop"]) document.addEventListener(kind, () => drop.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer !== null) takeFirst(event.dataTransfer, takeImage);
});

try {
  takeModel({ name: SHIPPED_MODEL, bytes: await bytesAt(SHIPPED_MODEL, "the model") });
} catch (error) {
  modelLine.textContent = "none";
  fail(messageOf(error));
}
document.body.dataset.ready = "";
