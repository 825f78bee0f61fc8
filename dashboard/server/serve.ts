import type { ServerResponse } from "node:http";
import type { ConnectOptions } from "../../client/index.js";
import { PatchstreamError } from "../../plan/index.js";
import {
  type HttpListener,
  type HttpListenOptions,
  type HttpRequest,
  listenHttp,
  type Scope,
} from "../../rpc/index.js";
import { StandingReader } from "../../study/index.js";
import { connectTrainer, type TrainerClient, type TrainerConnectOptions } from "../../trainer/index.js";
import {
  begin,
  invalid,
  readOwnJson,
  send,
  sendFailure,
  sendJson,
  sendRefusal,
  troubleOf,
  wholeNumber,
  yesOrNo,
} from "./answers.js";
import { type AskedBatch, Batches, type BatchSource } from "./batches.js";
import { ServerLooks } from "./data-metrics.js";
import { EventStream } from "./event-stream.js";
import { DOCUMENT, readPageFiles } from "./page-files.js";
import { ReportTickets } from "./report-tickets.js";
import { tellPage } from "./watch.js";

/** Where the dashboard listens, and whom it asks: a trainer, a study's folder, or both. */
export interface DashboardOptions extends HttpListenOptions {
  /** host:port or unix:/path of the trainer, and how it is reached. */
  readonly trainer?: string;
  readonly trainerOptions?: TrainerConnectOptions;
  /** Data servers that are asked for batches. Default: those of each training, without a token. */
  readonly data?: readonly string[];
  readonly dataOptions?: ConnectOptions;
  /** host:port of data servers' metrics. */
  readonly dataMetrics?: readonly string[];
  /** The folder of a study that was begun. */
  readonly study?: string;
  /** Told of what went wrong in the dashboard itself. */
  readonly onFault?: (error: unknown) => void;
}

/** A dashboard that is served. Disposing it ends it. */
export type DashboardServer = HttpListener;

/** A trainer that is asked how it goes and does not answer for so long is slow: the page says so. */
const PATIENCE_MS = 5_000;

const WATCH: readonly Scope[] = ["watch", "train"];
const CONTROL: readonly Scope[] = ["train"];
const DATA: readonly Scope[] = ["data"];

/** Whom is asked about trainings. */
interface Trainings {
  /** Asked how it goes. */
  readonly watched: TrainerClient;
  /** Told what to do: an answer may take as long as a step. */
  readonly told: TrainerClient;
  readonly batches: Batches;
}

interface Behind {
  readonly trainings: Trainings | undefined;
  readonly study: StandingReader | undefined;
  readonly reports: ReportTickets;
  readonly looks: ServerLooks | undefined;
  readonly onFault: (error: unknown) => void;
}

/**
 * Serves the page and what it asks for. Throws what `listenHttp` does, what is wrong with how trainer and data servers are to be reached, and
 * INPUT_DAMAGED for a folder that is no study's.
 */
export async function serveDashboard(options: DashboardOptions): Promise<DashboardServer> {
  const {
    trainer,
    trainerOptions = {},
    data,
    dataOptions = {},
    dataMetrics,
    study: folder,
    onFault = () => {},
    ...listening
  } = options;
  const files = readPageFiles();
  const study = folder === undefined ? undefined : new StandingReader(folder);
  const trainings =
    trainer === undefined ? undefined : trainingsOf(trainer, trainerOptions, { data, options: dataOptions });
  const looks = dataMetrics && new ServerLooks(dataMetrics);
  const reports = new ReportTickets(() => performance.now());
  const behind: Behind = { trainings, study, reports, looks, onFault };
  const listener = await listenHttp(listening, async (asked) => {
    const { request, response, url } = asked;
    const [, first = "", ...rest] = partsOf(url);
    if (first === "api") return await answerApi(asked, rest, behind);
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "text/plain", "GET it.\n");
    if (first === "") return send(response, 200, "text/html; charset=utf-8", DOCUMENT);
    if (first === "report") return sendReport(response, rest.join("/"), behind);
    const file = first === "assets" ? files.get(rest.join("/")) : undefined;
    if (file === undefined) return send(response, 404, "text/plain", "There is no such page.\n");
    send(response, 200, file.type, file.bytes);
  });
  return {
    address: listener.address,
    url: listener.url,
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      const opened = [trainings?.batches, trainings?.told, trainings?.watched, study];
      await Promise.all(opened.map((one) => one?.[Symbol.asyncDispose]()));
    },
  };
}

/** The parts of a path between its slashes; of one that is no text none, which is no path of ours. */
function partsOf({ pathname }: URL): readonly string[] {
  try {
    return pathname.split("/").map((part) => decodeURIComponent(part));
  } catch {
    return ["", "not text"];
  }
}

function trainingsOf(trainer: string, options: TrainerConnectOptions, source: Omit<BatchSource, "trainer">): Trainings {
  const told = connectTrainer(trainer, options);
  const watched = connectTrainer(trainer, { ...options, deadlineMs: PATIENCE_MS });
  return { told, watched, batches: new Batches({ ...source, trainer: watched }) };
}

/** A report has its own style inside, and nothing else: it may do nothing, and belongs to no site. */
const REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** The study's report, to who has a ticket. */
function sendReport(response: ServerResponse, ticket: string, { study, reports }: Behind): void {
  if (study === undefined || !reports.take(ticket)) {
    send(response, 404, "text/plain", "This opened once. Open the report from the dashboard again.\n");
    return;
  }
  try {
    const more = { "content-security-policy": REPORT_POLICY };
    send(response, 200, "text/html; charset=utf-8", study.readReport(), more);
  } catch (error) {
    send(response, 404, "text/plain; charset=utf-8", `${troubleOf(error).message}\n`);
  }
}

/** Below /api/: events, and what is asked of one training. */
async function answerApi(asked: HttpRequest, path: readonly string[], behind: Behind): Promise<void> {
  const { request, response, url } = asked;
  const [first, training = "", what = ""] = path;
  const found = ANSWERS[questionOf(first, request.method, what)];
  if (found === undefined)
    return sendFailure(response, invalid("path", url.pathname, "a path that this page asks for"));
  let revoked: AbortSignal;
  try {
    revoked = asked.opened(found.scopes);
  } catch (error) {
    return sendRefusal(response, error);
  }
  try {
    await found.answer(asked, training, behind, revoked);
  } catch (error) {
    if (!(error instanceof PatchstreamError)) behind.onFault(error);
    if (response.headersSent) response.destroy();
    else sendFailure(response, error);
  }
}

function questionOf(first: string | undefined, method: string | undefined, what: string): string {
  if (first === "events" || first === "study") return `${method} ${first}`;
  return first === "trainings" ? `${method} ${what}` : "";
}

interface Answer {
  readonly scopes: readonly Scope[];
  readonly answer: (asked: HttpRequest, training: string, behind: Behind, revoked: AbortSignal) => Promise<void>;
}

/** An answer about a training. Throws NOT_FOUND where no trainer was named. */
function ofTraining(
  scopes: readonly Scope[],
  answer: (asked: HttpRequest, training: string, trainings: Trainings) => Promise<void>,
): Answer {
  return {
    scopes,
    async answer(asked, training, { trainings }) {
      if (trainings !== undefined) return answer(asked, training, trainings);
      const hint = "Start the dashboard with --trainer.";
      throw new PatchstreamError({ code: "NOT_FOUND", what: "training", name: training, known: [] }, hint);
    },
  };
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  "GET events": { scopes: WATCH, answer: answerEvents },
  "POST stage": ofTraining(CONTROL, async ({ request, response, url }, training, { told }) => {
    const body = await readOwnJson(request, url.host);
    const [stage, fromStep] = [wholeNumber("stage", body.stage), wholeNumber("fromStep", body.fromStep)];
    const wish = {
      hold: yesOrNo("hold", body.hold),
      ...(stage !== undefined && { stage }),
      ...(fromStep !== undefined && { fromStep }),
    };
    sendJson(response, await told.setStage(training, wish));
  }),
  "POST stop": ofTraining(CONTROL, async ({ request, response, url }, training, { told }) => {
    await readOwnJson(request, url.host);
    await told.stop(training);
    sendJson(response, {});
  }),
  "POST resume": ofTraining(CONTROL, async ({ request, response, url }, training, { told }) => {
    await readOwnJson(request, url.host);
    await told.resume(training);
    sendJson(response, {});
  }),
  "GET batch": ofTraining(DATA, async ({ response, url }, training, { batches }) =>
    sendJson(response, await batches.describe(askedBatch(url, training))),
  ),
  "POST study": {
    scopes: WATCH,
    async answer({ request, response, url }, _training, { study, reports }) {
      await readOwnJson(request, url.host);
      if (study === undefined) throw invalid("path", url.pathname, "a path that this page asks for");
      study.readReport(); // refuses here, in words, where there is none
      sendJson(response, { path: `/report/${reports.issue()}` });
    },
  },
  "GET preview": ofTraining(DATA, async ({ response, url }, training, { batches }) => {
    const query = url.searchParams;
    const page = wholeNumber("page", query.get("page")) ?? 1;
    const channel = wholeNumber("channel", query.get("channel")) ?? 0;
    const { png, pages, firstSample, samples } = await batches.preview(askedBatch(url, training), page, channel);
    const more = { "x-pages": pages, "x-first-sample": firstSample, "x-samples": samples };
    send(response, 200, "image/png", png, more);
  }),
  "GET volume": ofTraining(DATA, async ({ response, url }, training, { batches }) => {
    const query = url.searchParams;
    const numbers = (name: string) =>
      (query.get(name) ?? "").split(",").map((text) => (/^-?\d+$/.test(text) ? Number(text) : Number.NaN));
    const channel = wholeNumber("channel", query.get("channel")) ?? 0;
    const id = query.get("case") ?? "";
    const { header, image, label } = await batches.volume(training, id, numbers("start"), numbers("size"), channel);
    const text = JSON.stringify(header);
    const head = Buffer.from(text.padEnd(Math.ceil((Buffer.byteLength(text) + 4) / 4) * 4 - 4)); // so that floats are aligned
    const length = Buffer.alloc(4);
    length.writeUInt32LE(head.length);
    begin(response, 200, { "content-type": "application/octet-stream" });
    for (const piece of [length, head, bytesOf(image), bytesOf(label)]) response.write(piece);
    response.end();
  }),
};

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function askedBatch({ searchParams }: URL, training: string): AskedBatch {
  const step = wholeNumber("step", searchParams.get("step"));
  if (step === undefined) throw invalid("step", undefined, "a whole number from 0 on");
  return { training, step, stage: wholeNumber("stage", searchParams.get("stage")) };
}

async function answerEvents({ response, url }: HttpRequest, _training: string, behind: Behind, revoked: AbortSignal) {
  const stream = new EventStream(response);
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const refuse = () => {
    stream.tell({ kind: "refused", trouble: troubleOf(revoked.reason) });
    stream.end();
  };
  revoked.addEventListener("abort", refuse, { once: true });
  try {
    const training = url.searchParams.get("training") ?? undefined;
    const { trainings, looks, study } = behind;
    await tellPage(stream, { trainer: trainings?.watched, training, looks, study, signal: gone.signal });
  } finally {
    revoked.removeEventListener("abort", refuse);
    stream.end();
  }
}
