import type { StudyEvent } from "../../study/index.js";
import { durationText } from "../duration-text.js";
import { logLines, stderrLine } from "../log-lines.js";
import { stderrBar, type TerminalBar } from "../terminal-bar.js";

/** Shows a study as it goes: a bar of its runs on a terminal, elsewhere lines. */
export interface StudyProgress {
  show(event: StudyEvent): void;
  /** Leaves the terminal as it was. */
  stop(): void;
}

/** What both forms say in a line of its own. */
function newsOf(event: StudyEvent): string | undefined {
  switch (event.kind) {
    case "started":
      return `${event.run}: ${event.goesOn ? "goes on" : "starts"}`;
    case "ended": {
      const { run, outcome, meanDice, message } = event;
      const how = outcome === "finished" ? `Dice ${meanDice?.toFixed(3) ?? "-"}` : `${outcome}: ${message ?? ""}`;
      return `${run}: ${how}`;
    }
    case "step":
    case "epoch":
      return undefined;
  }
}

function leftText({ secondsLeft }: StudyEvent): string {
  return secondsLeft === undefined ? "" : `${durationText(secondsLeft)} left`;
}

/** Lines for a log: a run that starts or ends, and where nothing was said for half a minute how far the study is. */
export function studyLines(write: (line: string) => void, nowMs: () => number): StudyProgress {
  const { say, isSilent } = logLines(write, nowMs);
  return {
    show(event) {
      const { done, runs } = event;
      const left = leftText(event);
      const standing = `${done} of ${runs} runs done${left && `, ${left}`}`;
      const news = newsOf(event);
      if (news !== undefined) say(event.kind === "ended" ? `${news} (${standing})` : news);
      else if ((event.kind === "step" || event.kind === "epoch") && isSilent())
        say(`${event.run}: step ${event.stepsTaken} of ${event.steps} (${standing})`);
    },
    stop: () => undefined,
  };
}

function studyBar(bar: TerminalBar): StudyProgress {
  return {
    show(event) {
      const { done, runs } = event;
      const news = newsOf(event);
      if (news !== undefined) bar.say(news);
      const step = event.kind === "step" || event.kind === "epoch" ? `step ${event.stepsTaken} of ${event.steps}` : "";
      const after = [leftText(event), step].filter((text) => text !== "").join(", ");
      bar.show({ before: `${done} of ${runs} runs`, share: done / runs, after });
    },
    stop: () => bar.stop(),
  };
}

/** On stderr. */
export function studyProgress(): StudyProgress {
  const bar = stderrBar();
  if (bar) return studyBar(bar);
  return studyLines(stderrLine, () => performance.now());
}
