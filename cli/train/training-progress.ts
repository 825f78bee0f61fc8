import { FiguresTally, type TrainingFigures, type WatchedEvent } from "../../trainer/index.js";
import { sizeText } from "../columns.js";
import { logLines, stderrLine } from "../log-lines.js";
import { stderrBar, type TerminalBar } from "../terminal-bar.js";
import { figureTexts } from "./figure-texts.js";

/** Shows a training as it goes: a bar on a terminal, elsewhere one line per event worth telling. */
export interface TrainingProgress {
  show(event: WatchedEvent): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** What both forms say in a line of its own. */
function newsOf(event: WatchedEvent): string | undefined {
  switch (event.kind) {
    case "state": {
      const { state, message } = event.state;
      return message === "" ? `training ${state}` : `training ${state}: ${message}`;
    }
    case "opened": {
      const { dataset, firstStep, steps, stages, engine, parameters } = event.opened;
      const network = `${parameters.toLocaleString("en")} parameters on ${engine}`;
      return `${dataset}: steps ${firstStep} to ${steps - 1}, ${stages.length} stages, ${network}`;
    }
    case "stage": {
      const { stage, fromStep, reason, patchSize, batchSize } = event.stage;
      return `step ${fromStep}: stage ${stage}, patch ${sizeText(patchSize)}, batch ${batchSize} (${reason})`;
    }
    case "decided": {
      const { stage, fromStep, reason, text } = event.decided;
      const why = text === "" ? reason : `${reason}: ${text}`;
      return `stage ${stage} is decided from step ${fromStep} on (${why})`;
    }
    case "caseEvaluated": {
      const { case: id, classes } = event.caseEvaluated;
      return `${id}: Dice ${classes.map(({ name, dice }) => `${name} ${dice?.toFixed(3) ?? "-"}`).join(", ")}`;
    }
    case "warning":
      return `warning: ${event.warning.text}`;
    case "step":
    case "epoch":
    case "checkpoint":
    case "evaluated":
      return undefined;
  }
}

function figuresLine(figures: TrainingFigures): string {
  const { epoch = 0, epochs, stepsTaken, steps, stage } = figures;
  const where = [`epoch ${epoch + 1} of ${epochs}`, `step ${stepsTaken} of ${steps}`, `stage ${stage ?? "-"}`];
  return [...where, ...figureTexts(figures)].join(", ");
}

/**
 * Lines for a log: one for each epoch that has ended, and for a step where nothing was said for half a minute: a log shows life, and stays short
 * however many steps there are and however late somebody begins to watch.
 */
export function progressLines(write: (line: string) => void, nowMs: () => number): TrainingProgress {
  const { say, isSilent } = logLines(write, nowMs);
  const tally = new FiguresTally();
  return {
    show(event) {
      tally.add(event);
      const news = newsOf(event);
      if (news !== undefined) say(news);
      else if (event.kind === "epoch") say(`${figuresLine(tally.figures)}${event.epoch.best ? " (best)" : ""}`);
      else if (event.kind === "step" && isSilent()) say(figuresLine(tally.figures));
    },
    stop: () => undefined,
  };
}

/** A bar of all steps on a terminal, and the news above it. */
export function progressBar(bar: TerminalBar): TrainingProgress {
  const tally = new FiguresTally();
  const draw = () => {
    const { stepsTaken, steps, epoch, epochs, stage, patchSize, batchSize } = tally.figures;
    if (steps === 0) return;
    const where = [
      ...(epoch === undefined ? [] : [`epoch ${epoch + 1}/${epochs}`]),
      ...(stage === undefined ? [] : [`stage ${stage} ${sizeText(patchSize)} batch ${batchSize}`]),
    ];
    const after = [...where, ...figureTexts(tally.figures)].join(" ");
    bar.show({ before: `${stepsTaken}/${steps}`, share: stepsTaken / steps, after });
  };
  return {
    show(event) {
      tally.add(event);
      const isOnTheBar = event.kind === "stage";
      const news = isOnTheBar ? undefined : newsOf(event);
      if (news !== undefined) bar.say(news);
      draw();
    },
    stop: () => bar.stop(),
  };
}

/** On stderr. */
export function trainingProgress(): TrainingProgress {
  const bar = stderrBar();
  if (bar) return progressBar(bar);
  return progressLines(stderrLine, () => performance.now());
}
