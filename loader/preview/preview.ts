import { setImmediate } from "node:timers/promises";
import type { BatchPlan, Crop } from "../../plan/batch/batch-plan.js";
import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import { foregroundValues } from "../../plan/label-set.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { Zyx } from "../../plan/zyx.js";
import type { StoredCase } from "../dataset/dataset.js";
import type { Store } from "../dataset/store.js";
import type { SlotLease } from "../engine/engine.js";
import type { PageContent, Picture } from "./draw-page.js";
import { pageLayout, patchSpacing } from "./layout.js";
import { middleSlices } from "./slices.js";

/** Which part of a batch a picture shows. */
export interface PreviewPage {
  /** From 1. */
  readonly page: number;
  /** From 0. */
  readonly channel: number;
}

/** One page of a batch as a picture. */
export interface Preview {
  readonly png: Uint8Array;
  /** How many pages the batch has. */
  readonly pages: number;
  /** First sample of this page, from 0. */
  readonly firstSample: number;
  /** Samples on this page. */
  readonly samples: number;
}

/** Who does the work for a picture; a server and a command line have their own. */
export interface PreviewMakers {
  readonly store: Store;
  /** Cuts a plan as `previewSpec` says. */
  readonly cut: (plan: BatchPlan) => Promise<SlotLease>;
  /** `drawPage`, in whatever thread. */
  readonly draw: (content: PageContent) => Picture | Promise<Picture>;
}

/** What a preview is cut as, whatever the run's own wire format. */
export function previewSpec(spec: ResolvedSpec): ResolvedSpec {
  return { ...spec, wire: { image: "f32", label: "i16", layout: "channels-first" }, deepSupervision: false };
}

/**
 * Draws one page of a batch: the same bytes for the same plan, whoever draws it. Only the samples of the page are cut. Throws
 * REQUEST_INVALID for a page or a channel that there is not.
 */
export async function makePreview(
  { store, cut, draw }: PreviewMakers,
  plan: BatchPlan,
  { page, channel }: PreviewPage,
): Promise<Preview> {
  const { channelNames, labels, classes, regions, cases } = store.dataset;
  if (!Number.isInteger(channel) || channel < 0 || channel >= channelNames.length)
    refuseRequest("channel", channel, `0 to ${channelNames.length - 1}`);
  const byId = new Map(cases.map((entry) => [entry.id, entry]));
  const caseOf = (id: string) => byId.get(id) as StoredCase;
  const names = new Map(Object.entries(labels).map(([name, value]) => [value, name]));
  const { crops } = plan;
  const classNames = new Map(classes.map((of, index) => [of, regions?.[index]?.name ?? names.get(of) ?? ""]));
  const legend = foregroundValues(store.dataset).map((value) => ({
    value,
    text: `${value} ${names.get(value) ?? ""}`.trimEnd(),
  }));
  const where = `${plan.timeline} step ${plan.step}, stage ${plan.stage}, patch ${plan.patchSize.join("x")} voxels (Z,Y,X)`;
  const headerOf = (from: number, to: number, pages: number) =>
    `${where}, channel ${channel} ${channelNames[channel]}, samples ${from} to ${to} of ${crops.length}, page ${page} of ${pages}: axial, coronal, sagittal`;
  const captionOf = (crop: Crop, lower: Zyx) => {
    const kind =
      crop.kind === "foreground" ? `for class ${crop.class} ${classNames.get(crop.class) ?? ""}`.trimEnd() : crop.kind;
    return `${crop.sample} ${crop.case}\n${kind}\nstart ${lower.join(",")}`;
  };
  // Of each case and class one: a batch may have thousands of samples, and all have the same few lines.
  const kinds = new Map(
    crops.map((crop) => [crop.kind === "foreground" ? `${crop.class} ${crop.case}` : crop.case, crop]),
  );
  const spacings = new Map(crops.map(({ case: id }) => [id, patchSpacing(plan, caseOf(id).spacingMm)]));
  const layout = pageLayout(
    { samples: crops.length, size: plan.patchSize, spacings: [...spacings.values()] },
    {
      header: headerOf(crops.length, crops.length, crops.length),
      captions: [...kinds.values()].map((crop) =>
        captionOf({ ...crop, sample: plan.globalBatch }, longestLower(caseOf(crop.case), plan)),
      ),
      classes: legend.map(({ text }) => text),
    },
  );
  const pixelsOf = new Map([...spacings.keys()].map((id, index) => [id, layout.pixels[index] as Zyx]));
  const { pages, samplesPerPage } = layout;
  if (!Number.isInteger(page) || page < 1 || page > pages) refuseRequest("page", page, `1 to ${pages}`);
  const first = (page - 1) * samplesPerPage;
  const shown = crops.slice(first, first + samplesPerPage);

  const samples = await Promise.all(
    shown.map(async (crop) => {
      const ofSample = pixelsOf.get(crop.case) as Zyx;
      const lease = await cut({ ...plan, crops: [crop] });
      try {
        await setImmediate();
        const [z, y, x] = lease.lowers as Int32Array & [number, number, number];
        return {
          slices: middleSlices(lease, channel, ofSample),
          pixels: ofSample,
          caption: captionOf(crop, [z, y, x]),
        };
      } finally {
        lease.release();
      }
    }),
  );
  const header = headerOf(first, first + shown.length - 1, pages);
  const { rgb, width, height } = await draw({ layout, header, samples, classes: legend });
  const sharp = await pngWriter();
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { png, pages, firstSample: first, samples: shown.length };
}

/** Throws UNSUPPORTED where sharp is not installed: the server of the Python package goes without native code. */
async function pngWriter(): Promise<typeof import("sharp")["default"]> {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    const facts = {
      code: "UNSUPPORTED",
      what: "a preview by this server",
      want: "made where npm installed sharp",
    } as const;
    throw new PatchstreamError(facts, 'The Python package has none: run "npx patchstream preview"', { cause });
  }
}

/** A box start that takes at least as many letters as any other of this case. */
function longestLower({ shape: [, z, y, x] }: StoredCase, { cropSize }: BatchPlan): Zyx {
  return [-Math.max(z, cropSize[0]), -Math.max(y, cropSize[1]), -Math.max(x, cropSize[2])];
}
