import { useEffect, useRef, useState } from "preact/hooks";
import type { StepRow } from "../../trainer/index.js";
import type { BatchInShort, BatchSample } from "../messages.js";
import { ask, Refusal } from "./connection.js";
import type { Shown } from "./model.js";
import { size, three, whole } from "./words.js";

/** A page of a batch as a picture, and which of its samples that shows. */
interface Montage {
  readonly url: string;
  readonly pages: number;
  readonly firstSample: number;
  readonly samples: number;
}

interface Looked {
  readonly batch: BatchInShort;
  readonly montage: Montage;
  readonly page: number;
  readonly channel: number;
}

/** Any batch of the training: cut again by a data server, the same bytes. */
export function BatchBrowser({ training, shown }: { training: string; shown: Shown | undefined }) {
  const taken = shown?.standing?.figures.stepsTaken ?? 0;
  const spans = shown?.standing?.spans ?? [];
  const [step, setStep] = useState("");
  const [looked, setLooked] = useState<Looked>();
  const [wrong, setWrong] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [opened, setOpened] = useState<BatchSample>();
  const asked = useRef(0);
  const path = `/api/trainings/${encodeURIComponent(training)}`;

  const look = async (at: string, page: number, channel: number) => {
    const mine = ++asked.current;
    setBusy(true);
    setWrong(undefined);
    try {
      // The stage that the step had, or will have: decisions by hand are not in the schedule.
      const stage = spans.findLast(({ fromStep }) => fromStep <= Number(at))?.stage;
      const isTaken = Number(at) < taken && stage !== undefined;
      const query = `step=${encodeURIComponent(at)}${isTaken ? `&stage=${stage}` : ""}`;
      const [batch, montage] = await Promise.all([
        ask(`${path}/batch?${query}`).then((response) => response.json() as Promise<BatchInShort>),
        montageOf(`${path}/preview?${query}&page=${page}&channel=${channel}`),
      ]);
      if (mine !== asked.current) return URL.revokeObjectURL(montage.url);
      if (looked?.batch.step !== batch.step) setOpened(undefined);
      if (looked) URL.revokeObjectURL(looked.montage.url);
      setLooked({ batch, montage, page, channel });
    } catch (error) {
      if (mine === asked.current) setWrong(error instanceof Refusal ? error.message : String(error));
    } finally {
      if (mine === asked.current) setBusy(false);
    }
  };
  // The newest batch at first.
  const isKnown = shown?.standing !== undefined;
  useEffect(() => {
    if (!isKnown || step !== "") return;
    const newest = String(Math.max(0, taken - 1));
    setStep(newest);
    void look(newest, 1, 0);
  }, [isKnown]);

  const go = (to: number) => {
    setStep(String(to));
    void look(String(to), 1, looked?.channel ?? 0);
  };
  return (
    <section class="panel" aria-labelledby="batches">
      <h2 id="batches">Batches</h2>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void look(step, 1, looked?.channel ?? 0);
        }}
      >
        <label>
          Step{" "}
          <input
            type="number"
            min="0"
            inputMode="numeric"
            required
            value={step}
            onInput={(event) => setStep(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="main">
          Look
        </button>
        <button type="button" disabled={Number(step) <= 0} onClick={() => go(Number(step) - 1)}>
          Step before
        </button>
        <button type="button" onClick={() => go(Number(step) + 1)}>
          Step after
        </button>
        <button type="button" onClick={() => go(stepOfJump(shown))}>
          Largest jump of the loss
        </button>
      </form>
      <p role="status" class={wrong ? "wrong" : "quiet"}>
        {wrong ?? (isBusy ? "The data server cuts the batch." : "")}
      </p>
      {looked && (
        <>
          <p>
            Step {whole(looked.batch.step)}, stage {looked.batch.stage}: {looked.batch.samples.length} patches of{" "}
            {size(looked.batch.patchSize)} voxels (Z, Y, X), CRC-32{" "}
            <code>{looked.batch.checksum.toString(16).padStart(8, "0")}</code>.{" "}
            {shown && lossWords(shown.steps, looked.batch.step)}
          </p>
          <div class="row">
            {looked.montage.pages > 1 && (
              <>
                <button
                  type="button"
                  disabled={looked.page <= 1}
                  onClick={() => void look(step, looked.page - 1, looked.channel)}
                >
                  Page before
                </button>
                <span>
                  page {looked.page} of {looked.montage.pages}
                </span>
                <button
                  type="button"
                  disabled={looked.page >= looked.montage.pages}
                  onClick={() => void look(step, looked.page + 1, looked.channel)}
                >
                  Page after
                </button>
              </>
            )}
            {looked.batch.channelNames.length > 1 && (
              <label>
                Channel{" "}
                <select
                  value={looked.channel}
                  onChange={(event) => void look(step, looked.page, Number(event.currentTarget.value))}
                >
                  {looked.batch.channelNames.map((name, index) => (
                    <option key={name} value={index}>
                      {name}
                    </option>
                  ))}
                </select>
              </label>
            )}
          </div>
          <section class="wide" tabIndex={0} aria-label="Montage">
            <img
              class="montage"
              src={looked.montage.url}
              alt={`The middle slices of samples ${looked.montage.firstSample} to ${looked.montage.firstSample + looked.montage.samples - 1}, labels in colour. The table below says what each is.`}
            />
          </section>
          <Samples looked={looked} onOpen={setOpened} opened={opened} />
          {opened && <InVolume path={path} sample={opened} channel={looked.channel} />}
        </>
      )}
    </section>
  );
}

/** The step whose loss rose most above that of the step before, or the first of the row of steps that holds it. */
function stepOfJump(shown: Shown | undefined): number {
  const { width, entries } = shown?.steps ?? { width: 1, entries: [] };
  const jumps = entries.map((entry, index) => {
    const before = entries[index - 1];
    return entry && before ? entry.lossMax - before.lossSum / before.steps : Number.NEGATIVE_INFINITY;
  });
  return Math.max(0, jumps.indexOf(Math.max(...jumps))) * width;
}

/** What the loss was at a step, and before it; of a long training, in the row of steps that holds it. */
function lossWords({ width, entries }: Shown["steps"], step: number): string {
  const index = Math.floor(step / width);
  const [before, entry] = [entries[index - 1], entries[index]];
  if (!entry) return "";
  const mean = (row: StepRow) => three(row.lossSum / row.steps);
  const now =
    width === 1
      ? `Its loss was ${mean(entry)}`
      : `The loss of the ${width} steps around it was up to ${three(entry.lossMax)}`;
  return before ? `${now}, before that ${mean(before)}.` : `${now}.`;
}

async function montageOf(path: string): Promise<Montage> {
  const response = await ask(path);
  const number = (name: string) => Number(response.headers.get(name));
  return {
    url: URL.createObjectURL(await response.blob()),
    pages: number("x-pages"),
    firstSample: number("x-first-sample"),
    samples: number("x-samples"),
  };
}

function Samples({
  looked: { batch, montage },
  onOpen,
  opened,
}: {
  looked: Looked;
  onOpen: (sample: BatchSample) => void;
  opened: BatchSample | undefined;
}) {
  const shown = batch.samples.slice(montage.firstSample, montage.firstSample + montage.samples);
  return (
    <section class="wide" tabIndex={0} aria-label="Samples">
      <table>
        <caption>
          Samples {montage.firstSample} to {montage.firstSample + shown.length - 1} of 0 to {batch.samples.length - 1}
        </caption>
        <thead>
          <tr>
            <th scope="col">Sample</th>
            <th scope="col">Case</th>
            <th scope="col">Drawn for</th>
            <th scope="col">Box begins at (Z, Y, X)</th>
            <th scope="col">Augmentation</th>
            <th scope="col">In its volume</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((sample, place) => {
            const number = montage.firstSample + place;
            return (
              <tr key={number}>
                <th scope="row">{number}</th>
                <td>{sample.case}</td>
                <td>{sample.className ?? "random"}</td>
                <td>{sample.start.join(", ")}</td>
                <td>{sample.transforms}</td>
                <td>
                  <button
                    type="button"
                    aria-pressed={sample === opened}
                    onClick={() => onOpen(sample)}
                    aria-label={`Show sample ${number} in its volume`}
                  >
                    Show
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** The box inside its volume: slices and a rendering. NiiVue is loaded now, and not before. */
function InVolume({ path, sample, channel }: { path: string; sample: BatchSample; channel: number }) {
  const section = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [words, setWords] = useState("");
  const [isWrong, setIsWrong] = useState(false);
  useEffect(() => {
    const gone = new AbortController();
    section.current?.scrollIntoView();
    const show = async () => {
      setIsWrong(false);
      setWords("Reading the volume.");
      const query = new URLSearchParams({
        case: sample.case,
        start: sample.start.join(),
        size: sample.size.join(),
        channel: String(channel),
      });
      const [{ showVolume }, response] = await Promise.all([
        import("./volume-view.js"),
        ask(`${path}/volume?${query}`, { signal: gone.signal }),
      ]);
      const bytes = await response.arrayBuffer();
      if (gone.signal.aborted || canvas.current === null) return;
      setWords(await showVolume(canvas.current, bytes, sample));
    };
    show().catch((error) => {
      if (gone.signal.aborted) return;
      setIsWrong(true);
      setWords(error instanceof Error ? error.message : String(error));
    });
    return () => gone.abort();
  }, [sample, channel]);
  return (
    <section ref={section} aria-labelledby="volume">
      <h3 id="volume">Case {sample.case}</h3>
      <p role="status" class={isWrong ? "wrong" : "quiet"}>
        {words}
      </p>
      <div class="volume">
        <canvas
          ref={canvas}
          tabIndex={0}
          aria-label="Three planes through the box and a rendering. Arrow keys and page keys move the cross hair."
        />
      </div>
      <p class="quiet">
        Box: {size(sample.size)} voxels from ({sample.start.join(", ")}). Augmentation, which the volume does not show:{" "}
        {sample.transforms}.
      </p>
    </section>
  );
}
