import { PatchstreamError } from "../../plan/errors.js";
import type { Found } from "./generations.js";
import type { SealedCase, StoreRecord } from "./store-metadata.js";

/** What an ingest is about to make, as far as it knows by then. */
export interface WantedStore {
  readonly name: string;
  /** Cases that the store will have; with `isComplete` false, those that it may have. */
  readonly caseIds: readonly string[];
  readonly isComplete: boolean;
  /** SHA-256s of what each case is made of, once they are known. */
  readonly madeOf?: ReadonlyMap<string, { readonly sourceSha256: string; readonly settingsSha256: string }>;
  /** What the labels mean, as a record has it. */
  readonly labelRecord: Pick<StoreRecord, "labels" | "sourceValues" | "regions" | "ignoreLabel">;
  readonly channelNames: StoreRecord["channelNames"];
  /** SHA-256 of plans.json, once it is known. */
  readonly plansSha256?: string;
}

/** Throws ALREADY_EXISTS where a finished store lies in the folder and `wanted` is not the same data. */
export function refuseOtherData(store: string, current: Found, wanted: WantedStore): void {
  if (current.at === "nowhere") return;
  const reason =
    current.at === "unreadable"
      ? `It cannot be read (${current.reason}), so what it holds is not known`
      : differenceOf(current.record, wanted);
  if (reason === undefined) return;
  throw new PatchstreamError(
    { code: "ALREADY_EXISTS", what: "store", name: store },
    `${reason}. Choose another folder, or use --force to write a new generation beside the old one.`,
  );
}

function differenceOf(record: StoreRecord, wanted: WantedStore): string | undefined {
  if (record.name !== wanted.name) return `It holds the data set "${record.name}", not "${wanted.name}"`;
  const stored = new Set(record.cases.map(({ id }) => id));
  const gone = record.cases.find(({ id }) => !wanted.caseIds.includes(id));
  if (gone !== undefined) return `It holds case ${gone.id} (of ${stored.size} cases), which this ingest does not`;
  const added = wanted.caseIds.find((id) => !stored.has(id));
  const other = otherMaking(record, wanted);
  return added !== undefined && (wanted.isComplete || other !== undefined) ? `It lacks case ${added}` : other;
}

function otherMaking({ cases, channelNames, files, ...record }: StoreRecord, wanted: WantedStore): string | undefined {
  const { madeOf, plansSha256 } = wanted;
  const { labels, sourceValues, regions, ignoreLabel } = record;
  if (!isSame({ labels, sourceValues, regions, ignoreLabel }, { ...NO_LABELS, ...wanted.labelRecord }))
    return "Its labels are others";
  if (!isSame(channelNames, wanted.channelNames)) return "Its channels have other names";
  const differs = (one: SealedCase, what: "sourceSha256" | "settingsSha256") =>
    one[what] !== (madeOf?.get(one.id)?.[what] ?? one[what]);
  const changed = cases.find((one) => differs(one, "sourceSha256"));
  if (changed !== undefined) return `Its case ${changed.id} was made of other files`;
  const otherwise = cases.find((one) => differs(one, "settingsSha256"));
  if (otherwise !== undefined)
    return `Its case ${otherwise.id} was made with another spacing, axis order or normalisation, or by another version`;
  return plansSha256 !== undefined && plansSha256 !== files["plans.json"]?.sha256
    ? "Its plans.json is another"
    : undefined;
}

/** The order and names that `isSame` compares. */
const NO_LABELS = { labels: undefined, sourceValues: undefined, regions: undefined, ignoreLabel: undefined };

function isSame(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
