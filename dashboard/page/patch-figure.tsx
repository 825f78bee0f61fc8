import type { RunStage } from "./training-view.js";
import { size, whole } from "./words.js";

/** The final patch is so many pixels tall. */
const TALL = 92;
const GAP = 7;
/** More patches of a batch than that are a number. */
const MOST_DRAWN = 48;
const WIDTH = 460;
/** How far the third axis goes to the right and up: a cabinet projection. */
const DEPTH = 0.4;

type Point = readonly [x: number, y: number];

/**
 * What the network sees in one step, to scale: every patch of the batch, beside the outline of the final patch (the paper's Figure 2).
 * Z goes into the picture.
 */
export function PatchFigure({ stages, current }: { stages: readonly RunStage[]; current: number }) {
  const now = stages[current];
  const last = stages.at(-1);
  if (now === undefined || last === undefined) return null;
  const scale = TALL / Math.max(...last.patchSize);
  const box = (zyx: readonly number[]) => {
    const [z = 0, y = 0, x = 0] = zyx.map((voxels) => voxels * scale);
    return { x, y, depth: z * DEPTH, wide: x + z * DEPTH, tall: y + z * DEPTH };
  };
  const final = box(last.patchSize);
  const patch = box(now.patchSize);
  const room = WIDTH - final.wide - 3 * GAP;
  const columns = Math.max(1, Math.floor((room + GAP) / (patch.wide + GAP)));
  const drawn = Math.min(now.batchSize, MOST_DRAWN);
  const rows = Math.ceil(drawn / columns);
  const height = Math.max(final.tall + 4, rows * (patch.tall + GAP)) + 4;
  const words = `Stage ${current}: patches of ${size(now.patchSize)} voxels (Z, Y, X), ${now.batchSize} in a batch. The final patch has ${size(last.patchSize)} voxels.`;
  return (
    <figure class="patches">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="xMinYMid meet" role="img" aria-label={words}>
        <Box at={[2, 2 + final.depth]} box={final} kind="outline" />
        <Box at={[2, 2 + final.depth + final.y - patch.y]} box={patch} kind="solid" />
        {Array.from({ length: drawn }, (_, index) => (
          <Box
            key={index}
            at={[
              final.wide + 3 * GAP + (index % columns) * (patch.wide + GAP),
              2 + patch.depth + Math.floor(index / columns) * (patch.tall + GAP),
            ]}
            box={patch}
            kind="solid"
          />
        ))}
      </svg>
      <figcaption>
        Left: the patch inside the final one. Right: the batch
        {drawn < now.batchSize && `, ${drawn} of its ${now.batchSize} patches`}, to the same scale.
      </figcaption>
    </figure>
  );
}

interface Drawn {
  readonly x: number;
  readonly y: number;
  readonly depth: number;
}

/** A box whose front face begins at `at`. */
function Box({ at: [left, top], box: { x, y, depth }, kind }: { at: Point; box: Drawn; kind: "solid" | "outline" }) {
  const path = (...points: readonly Point[]) => points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
  const [right, bottom] = [left + x, top + y];
  return (
    <g class={kind}>
      <polygon class="front" points={path([left, top], [right, top], [right, bottom], [left, bottom])} />
      <polygon
        class="top"
        points={path([left, top], [left + depth, top - depth], [right + depth, top - depth], [right, top])}
      />
      <polygon
        class="side"
        points={path([right, top], [right + depth, top - depth], [right + depth, bottom - depth], [right, bottom])}
      />
    </g>
  );
}

/** All stages as a row of bars: the patch's voxels as a share of the final one's. */
export function StageRow({
  stages,
  current,
  seen,
}: {
  stages: readonly RunStage[];
  current: number;
  /** Stages that there were steps of. */
  seen: ReadonlySet<number>;
}) {
  const voxels = (stage: RunStage) => stage.patchSize.reduce((product, side) => product * side, 1);
  const most = Math.max(...stages.map(voxels));
  return (
    <ol class="stages" aria-label="Stages" start={0}>
      {stages.map((stage, index) => (
        <li
          key={index}
          aria-current={index === current ? "step" : undefined}
          class={index !== current && seen.has(index) ? "past" : ""}
        >
          <span class="bar" aria-hidden="true">
            <span style={{ height: `${Math.max(3, 100 * Math.cbrt(voxels(stage) / most))}%` }} />
          </span>
          <span class="number">{index}</span>
          <span class="detail">
            {size(stage.patchSize)}, batch {whole(stage.batchSize)}, from step {whole(stage.fromStep)}
          </span>
        </li>
      ))}
    </ol>
  );
}
