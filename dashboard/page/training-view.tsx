import { useMemo } from "preact/hooks";
import type { EpochInShort, StepRow, TrainingFleet, TrainingInShort } from "../../trainer/index.js";
import { Chart, type Line } from "./chart.js";
import { type Awaited, FleetNote, longAwaited } from "./fleet.js";
import type { Shown } from "./model.js";
import { PatchFigure, StageRow } from "./patch-figure.js";
import { lasting, percent, size, three, whole } from "./words.js";

type Standing = NonNullable<Shown["standing"]>;
export type RunStage = NonNullable<Standing["opened"]>["stages"][number];

/** A training as it goes. */
export function TrainingView({
  inShort,
  shown,
  fleet,
}: {
  inShort: TrainingInShort | undefined;
  shown: Shown | undefined;
  /** How its data servers do, while it runs. */
  fleet: TrainingFleet | undefined;
}) {
  const standing = shown?.standing;
  if (shown === undefined || standing === undefined)
    return (
      <p class="note">
        {inShort?.damage ? `${inShort.damage.file}: ${inShort.damage.reason}` : "Reading the history."}
      </p>
    );
  const { opened, figures, spans } = standing;
  const state = standing.state ?? inShort?.state;
  return (
    <>
      <h2 class="title">
        {opened?.dataset ?? inShort?.dataset} <span class={`state ${state}`}>{state}</span>
      </h2>
      {standing.message && (
        <p class="note wrong" role="alert">
          {standing.message}
        </p>
      )}
      <FleetNote fleet={fleet} />
      {opened === undefined ? (
        <p class="note">
          {state === "queued"
            ? "It waits for an earlier training, or for memory."
            : "The run is being opened at the data servers."}
        </p>
      ) : (
        <>
          {inShort !== undefined && inShort.stepsTaken > figures.stepsTaken + opened.steps / 50 && (
            <p class="note" role="status">
              Reading the history: step {whole(figures.stepsTaken)} of the {whole(inShort.stepsTaken)} that were taken.
            </p>
          )}
          <Tiles standing={standing} isUnderWay={state === "running"} awaited={longAwaited(fleet)} />
          <section class="panel" aria-labelledby="sees">
            <h3 id="sees">What the network sees now</h3>
            <p>{whyThisStage(standing)}</p>
            <PatchFigure stages={opened.stages} current={figures.stage ?? 0} />
            <StageRow
              stages={opened.stages}
              current={figures.stage ?? 0}
              seen={new Set(spans.map(({ stage }) => stage))}
            />
          </section>
          <Curves shown={shown} length={opened.steps} spans={spans} />
        </>
      )}
      <Log standing={standing} />
      <Scores standing={standing} epochs={shown.epochs.entries} />
    </>
  );
}

function Tiles({
  standing: { figures, opened },
  isUnderWay,
  awaited,
}: {
  standing: Standing;
  isUnderWay: boolean;
  /** The batch that it stands still for. */
  awaited: Awaited | undefined;
}) {
  const {
    stepsTaken,
    steps,
    epoch,
    epochs,
    stage,
    stages,
    loss,
    pseudoDice,
    learningRate,
    samplesPerSecond,
    waitingShare,
    secondsLeft,
  } = figures;
  const tiles: (readonly [name: string, value: string, more?: string | undefined])[] = [
    ["Step", `${whole(stepsTaken)} of ${whole(steps)}`, epoch === undefined ? "" : `epoch ${epoch + 1} of ${epochs}`],
    [
      "Stage",
      stage === undefined ? "-" : `${stage}`,
      `of 0 to ${stages - 1}; patch ${size(figures.patchSize)}, batch ${figures.batchSize}`,
    ],
    ["Loss", loss === undefined ? "-" : loss.toFixed(3), "mean of the epoch"],
    ["Pseudo Dice", pseudoDice === undefined ? "-" : pseudoDice.toFixed(3), "moving average"],
    ["Learning rate", learningRate === undefined ? "-" : three(learningRate)],
    ["Throughput", samplesPerSecond === undefined ? "-" : `${three(samplesPerSecond)} /s`, "patches, waiting included"],
    awaited === undefined
      ? [
          "Waiting",
          waitingShare === undefined ? "-" : percent(waitingShare),
          waitingShare === undefined ? "" : waitingWords(waitingShare),
        ]
      : ["Waiting", lasting(awaited.waitedMs / 1000), `stands still for the batch of step ${whole(awaited.step)}`],
    [
      "Time left",
      !isUnderWay ? "-" : secondsLeft === undefined ? "-" : lasting(secondsLeft),
      isUnderWay && secondsLeft === undefined ? "known after an epoch" : `engine ${opened?.engine}`,
    ],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function waitingWords(share: number): string {
  if (share < 0.05) return "the trainer sets the pace";
  return share < 0.3 ? "now and then for batches" : "the data servers set the pace";
}

/** Which stage it is in, since when and why, and what comes next. */
function whyThisStage({ spans, opened, figures, noted }: Standing): string {
  const span = spans.at(-1);
  if (span === undefined || opened === undefined) return "The first stage has not begun.";
  const stage = opened.stages[span.stage];
  const decided = noted.findLast(({ kind, step }) => kind === "decided" && step === span.fromStep);
  const why = decided === undefined ? reasonWords(span.reason) : decided.text;
  const pending = noted.find(({ kind, step }) => kind === "decided" && step > figures.stepsTaken);
  const next = span.reason === "scheduled" ? opened.stages[span.stage + 1] : undefined;
  const scheduled =
    next === undefined || next.fromStep <= figures.stepsTaken
      ? ""
      : ` Stage ${span.stage + 1} is scheduled for step ${whole(next.fromStep)}.`;
  const then = pending === undefined ? scheduled : ` From step ${whole(pending.step)} on: ${pending.text}.`;
  return `Stage ${span.stage} since step ${whole(span.fromStep)} (${why}): patches of ${size(stage?.patchSize ?? figures.patchSize)} voxels (Z, Y, X), ${figures.batchSize} in a batch.${then}`;
}

function reasonWords(reason: string): string {
  if (reason === "scheduled") return "the schedule reached it";
  return reason === "manual" ? "set by hand" : reason;
}

function Curves({ shown, length, spans }: { shown: Shown; length: number; spans: Standing["spans"] }) {
  const { steps, epochs } = shown;
  const curve = useMemo(() => stepCurve(steps), [steps]);
  const dice = useMemo(() => epochCurve(epochs.entries), [epochs]);
  const last = (values: readonly (number | null)[]) => values.findLast((value) => value !== null) ?? undefined;
  const now = (name: string, value: number | undefined, digits = three) =>
    `${name} over steps, stages shaded. ${value === undefined ? "Nothing yet." : `Now ${digits(value)}.`}`;
  const common = { x: curve.x, length, spans };
  return (
    <section class="curves" aria-label="Curves">
      <Chart {...common} title="Loss" words={now("Loss", last(curve.loss))} digits={three} lines={curve.lossLines} />
      {dice.x.length > 0 && (
        <Chart
          {...common}
          x={dice.x}
          title="Pseudo Dice"
          words={now("Pseudo Dice", last(dice.smoothed))}
          digits={(value) => value.toFixed(2)}
          within={[0, 1]}
          lines={dice.lines}
        />
      )}
      <Chart
        {...common}
        title="Learning rate"
        words={now("Learning rate", last(curve.rate))}
        digits={three}
        lines={curve.rateLines}
      />
      <Chart
        {...common}
        title="Throughput, patches per second"
        words={now("Patches per second", last(curve.pace))}
        digits={three}
        within={[0, 0]}
        lines={curve.paceLines}
      />
      <Chart
        {...common}
        title="Waiting for batches, share of the time"
        words={now("Waiting", last(curve.waiting), percent)}
        digits={percent}
        within={[0, 1]}
        lines={curve.waitingLines}
      />
    </section>
  );
}

function stepCurve({ width, entries }: Shown["steps"]) {
  const column = (of: (row: StepRow) => number) => entries.map((row) => (row ? of(row) : null));
  const loss = column((row) => row.lossSum / row.steps);
  const rate = column((row) => row.learningRate);
  const pace = column((row) => (1000 * row.samples) / (row.waitedMs + row.stepMs || 1));
  const waiting = column((row) => row.waitedMs / (row.waitedMs + row.stepMs || 1));
  const band = { low: column((row) => row.lossMin), high: column((row) => row.lossMax) };
  const line = (name: string, values: readonly (number | null)[], colour: number): readonly Line[] => [
    { name, values, colour },
  ];
  return {
    x: entries.map((_, index) => index * width + (width - 1) / 2),
    loss,
    rate,
    pace,
    waiting,
    lossLines: [{ name: "mean", values: loss, colour: 0, ...(width > 1 && { band }) }],
    rateLines: line("learning rate", rate, 3),
    paceLines: line("patches/s", pace, 2),
    waitingLines: line("waiting", waiting, 1),
  };
}

function epochCurve(entries: Shown["epochs"]["entries"]) {
  const ended = entries.filter((entry): entry is EpochInShort => entry?.smoothedPseudoDice !== undefined);
  const smoothed = ended.map(({ smoothedPseudoDice }) => smoothedPseudoDice ?? null);
  const lines: readonly Line[] = [
    { name: "of the epoch", values: ended.map(({ pseudoDice }) => pseudoDice ?? null), colour: 1, isDots: true },
    { name: "moving average", values: smoothed, colour: 0 },
  ];
  return { x: ended.map(({ stepsTaken }) => stepsTaken), smoothed, lines };
}

/** Newest first. */
function Log({ standing: { noted } }: { standing: Standing }) {
  return (
    <section class="panel" aria-labelledby="log">
      <h3 id="log">Decisions and faults</h3>
      <ol class="log" tabIndex={0} aria-labelledby="log">
        {noted.toReversed().map(({ kind, step, text }, index) => (
          <li key={noted.length - index} class={`of-${kind}`}>
            <span class="step">step {whole(step)}</span>
            <span class="kind">{kind === "decided" ? "decision" : kind}</span>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Dice of the classes, as validation and evaluation have them, and the last epochs in numbers. */
function Scores({
  standing: { classes, cases, evaluated },
  epochs,
}: {
  standing: Standing;
  epochs: Shown["epochs"]["entries"];
}) {
  const ended = epochs
    .filter((entry): entry is EpochInShort => Boolean(entry))
    .slice(-30)
    .toReversed();
  const dice = (value: number | undefined) => value?.toFixed(3) ?? "-";
  return (
    <section class="panel" aria-labelledby="scores">
      <h3 id="scores">Scores</h3>
      {evaluated && (
        <p>
          Mean foreground Dice on {evaluated.cases} held-out cases: {dice(evaluated.meanDice)}.
        </p>
      )}
      {classes.length === 0 && evaluated === undefined && (
        <p class="quiet">There are none before the first epoch has ended, and none without validation.</p>
      )}
      <table hidden={classes.length === 0 && evaluated === undefined}>
        <caption>
          {evaluated
            ? "Mean Dice of each class over the held-out cases"
            : "Pseudo Dice of each class after the last epoch"}
        </caption>
        <tbody>
          {(evaluated?.classes ?? classes).map(({ name, dice: value }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{dice(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {cases.length > 0 && (
        <details>
          <summary>{cases.length} cases</summary>
          <table>
            <tbody>
              {cases.map((one) => (
                <tr key={one.case}>
                  <th scope="row">{one.case}</th>
                  <td>{one.classes.map(({ name, dice: value }) => `${name} ${dice(value)}`).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
      {ended.length > 0 && (
        <details>
          <summary>The last epochs in numbers</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">Epoch</th>
                <th scope="col">Loss</th>
                <th scope="col">Validation loss</th>
                <th scope="col">Pseudo Dice</th>
              </tr>
            </thead>
            <tbody>
              {ended.map((epoch) => (
                <tr key={epoch.epoch}>
                  <th scope="row">{epoch.epoch + 1}</th>
                  <td>{dice(epoch.loss)}</td>
                  <td>{dice(epoch.validationLoss)}</td>
                  <td>{dice(epoch.pseudoDice)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}
