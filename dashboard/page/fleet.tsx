import type { TrainingFleet } from "../../trainer/index.js";
import { FiguresTable } from "./figures-table.js";
import { bytes, lasting, three, whole } from "./words.js";

type Replica = TrainingFleet["replicas"][number];
export type Awaited = NonNullable<TrainingFleet["awaited"]>;

/** A wait that is shorter is not worth a word. */
const LEAST_WAIT_MS = 500;
const NOW_MS = 1_500;
/** After so long a training is said to stand still. */
const LONG_WAIT_MS = 3_000;
/** A training's process tells once a second. */
const MOST_AGE_MS = 5_000;
/** One that owes nothing and was heard of longer ago was not asked. */
const RESTED_MS = 5_000;
/** What was lost longer ago is over. */
const RECENT_MS = 600_000;

/** Says at once that a data server is ill. */
export function FleetNote({ fleet }: { fleet: TrainingFleet | undefined }) {
  const ill = fleet?.replicas.filter(isIll) ?? [];
  if (fleet === undefined || ill.length === 0) return null;
  const isServed = fleet.replicas.some(({ state }) => state === "serving");
  return (
    <p class="note wrong" role="alert">
      <strong>{ill.length === 1 ? "A data server is ill." : `${ill.length} data servers are ill.`}</strong>{" "}
      {ill.map(illWords).join(" ")}{" "}
      {isServed
        ? "The others send its batches."
        : "None sends batches now: the training goes on with those that it has, and fails when it has waited too long."}
    </p>
  );
}

/** The batch that the training has stood still for, where it does. */
export function longAwaited(fleet: TrainingFleet | undefined): Awaited | undefined {
  const awaited = fleet?.awaited;
  return awaited !== undefined && awaited.waitedMs >= LONG_WAIT_MS ? awaited : undefined;
}

/** What ails it, when it was well, and what to do. */
function illWords({ address, state, heardMs }: Replica): string {
  const heard = heardMs === undefined || heardMs < NOW_MS ? "" : ` (last heard of ${ago(heardMs)})`;
  return `${address} ${ILL[state]?.is}${heard}: ${ILL[state]?.toDo}.`;
}

const ILL: Partial<Record<Replica["state"], { readonly is: string; readonly toDo: string }>> = {
  silent: { is: "is silent", toDo: "it is connected and sends nothing, see whether it hangs" },
  lost: {
    is: "cannot be reached",
    toDo: "see whether it runs, and whether its machine can be reached from the trainer",
  },
  refused: {
    is: "refuses this run",
    toDo: "see what its log says, it may have another store or another version",
  },
};

function isIll({ state }: Replica): boolean {
  return ILL[state] !== undefined;
}

const COLUMNS = [
  "Asked at",
  "Health",
  "Last heard",
  "Batches",
  "Bytes",
  "Worth",
  "Its time for a batch",
  "Owed",
  "Failovers",
  "Damaged",
  "Shared cuts",
];

/** What each data server of a training does for it, as its process sees it. */
export function FleetTable({ fleet }: { fleet: TrainingFleet }) {
  const { replicas, ageMs } = fleet;
  return (
    <>
      <p>
        {waitsFor(fleet)}
        {ageMs > MOST_AGE_MS && ` This was seen ${lasting(ageMs / 1000)} ago: a step keeps the training busy.`}
      </p>
      <FiguresTable
        label="What each data server does for this training"
        caption="As this training sees them, since it was begun or gone on with"
        columns={COLUMNS}
      >
        {replicas.map((replica) => (
          <tr key={replica.address}>
            <th scope="row">{replica.address}</th>
            <td class={isIll(replica) ? "words wrong" : "words"}>{healthWords(replica)}</td>
            <td>{replica.heardMs === undefined ? "never" : ago(replica.heardMs)}</td>
            <td>{whole(replica.batches)}</td>
            <td>{bytes(replica.bytes)}</td>
            <td>{replica.bytesPerSecond === undefined ? "-" : `${bytes(replica.bytesPerSecond)}/s`}</td>
            <td>{replica.servedMs === undefined ? "-" : `${three(replica.servedMs)} ms`}</td>
            <td>{replica.owed}</td>
            <td>{whole(replica.failovers)}</td>
            <td class={replica.damagedBatches > 0 ? "wrong" : ""}>{whole(replica.damagedBatches)}</td>
            <td>{whole(replica.sharedBatches)}</td>
          </tr>
        ))}
      </FiguresTable>
    </>
  );
}

const ago = (ms: number): string => (ms < NOW_MS ? "now" : `${lasting(ms / 1000)} ago`);

function healthWords(replica: Replica): string {
  const { state, failure } = replica;
  const why = failure === undefined ? "" : `: ${failure.message}`;
  switch (state) {
    case "idle":
      return "not asked now";
    case "opening":
      return "being connected";
    case "leaving":
      return "leaving";
    case "silent":
      return "silent";
    case "lost":
      return `cannot be reached${why}`;
    case "refused":
      return `refuses this run${why}`;
    case "serving":
      if (replica.owed === 0 && (replica.heardMs ?? 0) > RESTED_MS) return "not asked lately";
      return failure !== undefined && failure.ageMs < RECENT_MS
        ? `well; lost ${lasting(failure.ageMs / 1000)} ago${why}`
        : "well";
  }
}

/** What the training waits for. */
function waitsFor({ awaited }: TrainingFleet): string {
  if (awaited === undefined || awaited.waitedMs < LEAST_WAIT_MS) return "The training waits for no batch now.";
  const { timeline, step, stage, waitedMs, asked } = awaited;
  const batch =
    timeline === "val" ? `validation batch ${whole(step)}` : `the batch of step ${whole(step)} (stage ${stage})`;
  const whom = asked.length === 0 ? "no data server can be asked for it" : `asked of ${asked.join(" and of ")}`;
  return `The training has waited ${lasting(waitedMs / 1000)} for ${batch}: ${whom}.`;
}
