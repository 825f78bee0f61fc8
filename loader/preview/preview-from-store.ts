import type { Timeline } from "../../plan/batch/address.js";
import { caseTable } from "../../plan/batch/case-table.js";
import { scheduledStageOf } from "../../plan/batch/timeline.js";
import { resolveSpec } from "../../plan/run-spec/resolve.js";
import { planCrops } from "../../plan/sampling/plan-batch.js";
import { openStore, type StoreOptions } from "../dataset/open-store.js";
import { openEngine } from "../engine/engine.js";
import { drawPage } from "./draw-page.js";
import { makePreview, type Preview, type PreviewPage, previewSpec } from "./preview.js";

/** Which page of which batch. */
export interface StorePreviewRequest extends Partial<PreviewPage> {
  readonly timeline: Timeline;
  readonly step: number;
  /** Absent: the scheduled one. */
  readonly stage?: number;
}

/** Draws a page of a batch from a store: the picture that a server of this store gives. `dataSpec` is a run spec's `data`. */
export async function previewFromStore(
  path: string,
  dataSpec: unknown,
  request: StorePreviewRequest,
  options: StoreOptions = {},
): Promise<Preview> {
  await using store = await openStore(path, options);
  const cases = caseTable(store.dataset);
  const spec = previewSpec(resolveSpec(dataSpec, { ...store.dataset, cases }));
  const { timeline, step, stage = scheduledStageOf(spec, timeline, step), page = 1, channel = 0 } = request;
  const plan = planCrops(spec, cases, { timeline, step, stage });
  await using engine = await openEngine(store);
  const makers = { store, cut: (part: typeof plan) => engine.cut(spec, part), draw: drawPage };
  return await makePreview(makers, plan, { page, channel });
}
