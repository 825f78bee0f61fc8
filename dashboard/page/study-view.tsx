import { useState } from "preact/hooks";
import type { StudyRunStanding, StudyStanding } from "../../study/index.js";
import type { TrainingInShort } from "../../trainer/index.js";
import type { Trouble } from "../messages.js";
import { Refusal, tell } from "./connection.js";
import { FiguresTable } from "./figures-table.js";
import { lasting, whole } from "./words.js";

/** A training that says nothing for longer than this may not be trained any more. */
const MOST_SILENT_MS = 120_000;

/** A study as it goes: its runs, and the way to its report. */
export function StudyView({
  study,
  trouble,
  trainings,
}: {
  study: StudyStanding | undefined;
  trouble: Trouble | undefined;
  trainings: readonly TrainingInShort[] | undefined;
}) {
  return (
    <>
      {trouble && (
        <p class="note wrong" role="alert">
          This study cannot be read. {trouble.message}
        </p>
      )}
      {study === undefined ? (
        trouble === undefined && <p class="note">Reading the study.</p>
      ) : (
        <>
          <h2 class="title">Study {study.name}</h2>
          <StudyProgress study={study} />
          <Report writtenMs={study.reportMs} />
          <Runs runs={study.runs} trainings={trainings} />
        </>
      )}
    </>
  );
}

function StudyProgress({ study: { runs, secondsLeft } }: { study: StudyStanding }) {
  const done = runs.filter(isDone).length;
  const others = [...new Set(runs.filter((run) => !isDone(run)).map(({ state }) => state))].map(
    (state) => `${runs.filter((run) => run.state === state).length} ${state}`,
  );
  const left =
    done === runs.length ? "" : secondsLeft === undefined ? "known when a run is finished" : lasting(secondsLeft);
  return (
    <section class="panel" aria-label="How far it is">
      <p>
        <strong>
          {whole(done)} of {whole(runs.length)} runs have a result
        </strong>
        {others.length > 0 && `; ${others.join(", ")}`}
        {left && `. Time left: ${left}`}.
      </p>
      <progress value={runs.reduce((sum, run) => sum + shareOf(run), 0)} max={runs.length} aria-label="runs done" />
    </section>
  );
}

function Report({ writtenMs }: { writtenMs: number | undefined }) {
  const [wrong, setWrong] = useState<string>();
  const open = async () => {
    setWrong(undefined);
    try {
      const { path } = (await tell("/api/study", {})) as { readonly path: string };
      globalThis.open(path, "_blank", "noopener");
    } catch (error) {
      setWrong(error instanceof Refusal ? error.message : String(error));
    }
  };
  if (writtenMs === undefined)
    return (
      <p class="note">
        There is no report yet. It is written when all runs have ended, or now by{" "}
        <code>patchstream study FOLDER --report</code>.
      </p>
    );
  return (
    <section class="panel" aria-label="Report">
      <div class="row">
        <button type="button" class="main" onClick={() => void open()}>
          Open the report
        </button>
        <span class="quiet">of {new Date(writtenMs).toLocaleString()}, in another tab</span>
      </div>
      {wrong && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </section>
  );
}

/** What runs differ in. */
interface Axis {
  readonly name: string;
  readonly of: (point: StudyRunStanding["point"]) => string;
}

const AXES: readonly Axis[] = [
  { name: "Data set", of: ({ dataset }) => dataset },
  { name: "Network", of: ({ network }) => network },
  { name: "Method", of: ({ method }) => method },
  { name: "Strategy", of: ({ strategy }) => strategy },
  { name: "Mirroring", of: ({ mirroring }) => (mirroring ? "yes" : "no") },
  { name: "Length", of: ({ length }) => `${length} %` },
  { name: "Fold", of: ({ fold }) => `${fold}` },
  { name: "Seed", of: ({ seed }) => `${seed}` },
];

/** All runs; what they have in common stands above them. */
function Runs({
  runs,
  trainings,
}: {
  runs: readonly StudyRunStanding[];
  trainings: readonly TrainingInShort[] | undefined;
}) {
  const differing = AXES.filter(({ of }) => new Set(runs.map(({ point }) => of(point))).size > 1);
  const axes = differing.length > 0 ? differing : AXES;
  const [first] = runs;
  const common = AXES.filter((axis) => !axes.includes(axis));
  const caption =
    first && common.length > 0
      ? `All with ${common.map(({ name, of }) => `${name.toLowerCase()} ${of(first.point)}`).join(", ")}`
      : undefined;
  const columns = [...axes.map(({ name }) => name), "State", "Progress", "Dice", "Trained by"];
  return (
    <section class="panel" aria-labelledby="runs">
      <h3 id="runs">Runs</h3>
      <FiguresTable label="All runs" caption={caption} columns={columns}>
        {runs.map((run) => (
          <Run key={run.name} run={run} axes={axes} trainings={trainings} />
        ))}
      </FiguresTable>
    </section>
  );
}

function Run({
  run,
  axes: [head, ...axes],
  trainings,
}: {
  run: StudyRunStanding;
  axes: readonly Axis[];
  trainings: readonly TrainingInShort[] | undefined;
}) {
  const { name, point, state, message, dice, pseudoDice, trainer, training, isWatchable } = run;
  const isHere = isWatchable ?? trainings?.some(({ id }) => id === training) ?? false;
  return (
    <tr>
      <th scope="row" title={name}>
        {head?.of(point)}
      </th>
      {axes.map((axis) => (
        <td key={axis.name}>{axis.of(point)}</td>
      ))}
      <td class={message ? "words" : ""}>
        <span class={`state ${state === "finished" ? "done" : state === "diverged" ? "failed" : state}`}>{state}</span>
        {message && <small class="wrong">{message}</small>}
      </td>
      <td>
        {isBegun(run) && <progress value={shareOf(run)} max={1} aria-label="share of its steps" />}
        {isBegun(run) && <small>{progressWords(run)}</small>}
      </td>
      <td>{dice !== undefined ? dice.toFixed(3) : pseudoDice !== undefined && `pseudo ${pseudoDice.toFixed(3)}`}</td>
      <td>
        {trainer === "own" ? "the study itself" : trainer}
        {training && <small>{isHere ? <a href={`#/${encodeURIComponent(training)}`}>{training}</a> : training}</small>}
      </td>
    </tr>
  );
}

/** Whether a run has a result. */
export const isDone = ({ state }: StudyRunStanding): boolean => state === "finished" || state === "diverged";

const isBegun = (run: StudyRunStanding): boolean => !isDone(run) && run.steps > 0;

function shareOf(run: StudyRunStanding): number {
  if (isDone(run)) return 1;
  return run.steps === 0 ? 0 : run.stepsTaken / run.steps;
}

function progressWords({ state, stepsTaken, steps, stage, heardMs }: StudyRunStanding): string {
  const silentMs = heardMs === undefined ? 0 : Date.now() - heardMs;
  const silence = state === "running" && silentMs > MOST_SILENT_MS ? `; nothing for ${lasting(silentMs / 1000)}` : "";
  return `step ${whole(stepsTaken)} of ${whole(steps)}, stage ${stage ?? "-"}${silence}`;
}
