import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import { RECIPE } from "../../plan/run-spec/resolved-spec.js";
import type { Messages } from "../../proto/messages.js";
import { codec } from "../../rpc/codec/codec.js";
import type { Dataset } from "../dataset/dataset.js";
import { labelHeaderOf } from "../dataset/nifti/grid-header.js";
import { sha256 } from "../dataset/sha256.js";

/** Bytes of a page's cases: far below the 4 MiB that gRPC's clients take by default, and encoded in some milliseconds. */
const PAGE_BYTES = 2 ** 18;

/** Hex digits of the revision in a token. */
const REVISION_DIGITS = 32;

/** A data set's description, a page of cases at a time. */
export class DatasetPages {
  readonly #dataset: Dataset;
  readonly #head: Omit<Messages["DescribeDatasetResponse"], "cases" | "nextPageToken">;
  /** Of everything that the pages say of the store: pages of one walk all have the same. */
  readonly #revision: string;

  /** `version` is the server's. */
  constructor(dataset: Dataset, version: string) {
    const { cases, maskedChannels: _, plan, regions = [], ...rest } = dataset;
    this.#dataset = dataset;
    this.#head = {
      ...rest,
      regions,
      plan: Buffer.from(JSON.stringify(plan)),
      recipe: RECIPE,
      version,
      caseCount: cases.length,
    };
    this.#revision = sha256(JSON.stringify(dataset)).slice(0, REVISION_DIGITS);
  }

  /**
   * The page that a request asks for. Throws REQUEST_INVALID for a token that is none of ours, and DATASET_CHANGED for one of
   * another data set, or of what the data set was before.
   */
  page({ pageSize, pageToken }: Messages["DescribeDatasetRequest"]): Messages["DescribeDatasetResponse"] {
    const first = pageToken === "" ? 0 : this.#firstOf(pageToken);
    const { cases } = this.#dataset;
    const most = pageSize === 0 ? cases.length : pageSize;
    const page: Messages["Case"][] = [];
    let bytes = 0;
    for (const entry of cases.slice(first, first + most)) {
      const geometry = { ...entry.geometry, labelHeader: labelHeaderOf(entry.geometry) };
      const message = { ...entry, geometry, unlabelled: entry.unlabelled ?? false };
      bytes += codec("Case").encode(message).length;
      if (page.length > 0 && bytes > PAGE_BYTES) break;
      page.push(message);
    }
    const next = first + page.length;
    return {
      ...this.#head,
      cases: page,
      nextPageToken: next < cases.length ? `${this.#revision}-${next}` : "",
    };
  }

  #firstOf(token: string): number {
    const [, revision, first] = /^([0-9a-f]{32})-(\d{1,9})$/.exec(token) ?? [];
    const { name, digest, cases } = this.#dataset;
    if (revision !== undefined && revision !== this.#revision)
      throw new PatchstreamError({ code: "DATASET_CHANGED", dataset: name, digest });
    if (revision === undefined || Number(first) >= cases.length)
      return refuseRequest("page_token", token, "empty, or the next_page_token of the page before");
    return Number(first);
  }
}
