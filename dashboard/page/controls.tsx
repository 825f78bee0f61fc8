import { useRef, useState } from "preact/hooks";
import type { TrainingInShort } from "../../trainer/index.js";
import { Refusal, tell } from "./connection.js";
import { isUnderWay } from "./model.js";
import { whole } from "./words.js";

/** What is asked before it is done. */
interface Question {
  readonly title: string;
  readonly words: string;
  readonly path: string;
  readonly body: object;
}

/** What can be done to a training, each after a question. */
export function Controls({
  training,
  inShort,
  stages,
}: {
  training: string;
  inShort: TrainingInShort | undefined;
  stages: number;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [question, setQuestion] = useState<Question>();
  const [stage, setStage] = useState("");
  const [holds, setHolds] = useState(false);
  const [said, setSaid] = useState<{ readonly text: string; readonly isWrong: boolean }>();
  const [isBusy, setBusy] = useState(false);
  const ask = (asked: Question) => {
    setQuestion(asked);
    dialog.current?.showModal();
  };
  const act = async ({ path, body, title }: Question) => {
    dialog.current?.close();
    setBusy(true);
    setSaid({ text: `${title}: waiting for the trainer.`, isWrong: false });
    try {
      const answer = await tell(`/api/trainings/${encodeURIComponent(training)}/${path}`, body);
      setSaid({ text: path === "stage" ? stageWords(answer) : `${title}: done.`, isWrong: false });
    } catch (error) {
      setSaid({ text: error instanceof Refusal ? error.message : String(error), isWrong: true });
    } finally {
      setBusy(false);
    }
  };
  const runs = inShort?.state === "running";
  const canResume = ["stopped", "failed", "interrupted"].includes(inShort?.state ?? "");
  return (
    <section class="panel controls" aria-labelledby="controls">
      <h3 id="controls">Controls</h3>
      <div class="row">
        <button
          type="button"
          disabled={!runs || isBusy}
          onClick={() =>
            ask({
              title: "Next stage",
              words:
                "The training goes to its next stage at the first step that no batch was asked for yet. Nothing is lost.",
              path: "stage",
              body: { hold: holds },
            })
          }
        >
          Next stage
        </button>
        <label>
          Stage{" "}
          <select value={stage} disabled={!runs || isBusy} onChange={(event) => setStage(event.currentTarget.value)}>
            <option value="">choose</option>
            {Array.from({ length: stages }, (_, index) => (
              <option key={index} value={index}>
                {index}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={!runs || isBusy || stage === ""}
          onClick={() =>
            ask({
              title: `Stage ${stage}`,
              words: `The training goes to stage ${stage} at the first step that no batch was asked for yet.`,
              path: "stage",
              body: { stage: Number(stage), hold: holds },
            })
          }
        >
          Go to it
        </button>
        <label>
          <input
            type="checkbox"
            checked={holds}
            disabled={!runs || isBusy}
            onChange={(event) => setHolds(event.currentTarget.checked)}
          />{" "}
          keep it to the end
        </label>
      </div>
      <div class="row">
        <button
          type="button"
          disabled={!isUnderWay(inShort) || isBusy}
          onClick={() =>
            ask({
              title: "Stop",
              words: "The training ends after the step in progress, with a checkpoint. It can be resumed.",
              path: "stop",
              body: {},
            })
          }
        >
          Stop
        </button>
        <button
          type="button"
          disabled={!canResume || isBusy}
          onClick={() =>
            ask({ title: "Resume", words: "The training goes on from its last checkpoint.", path: "resume", body: {} })
          }
        >
          Resume
        </button>
      </div>
      <p role="status" class={said?.isWrong ? "wrong" : ""}>
        {said?.text}
      </p>
      <dialog ref={dialog} aria-labelledby="question">
        <h4 id="question">{question?.title}?</h4>
        <p>{question?.words}</p>
        <div class="row">
          <button type="button" class="main" onClick={() => question && void act(question)}>
            {question?.title}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </dialog>
    </section>
  );
}

function stageWords(answer: unknown): string {
  const { stage, fromStep, scheduleFrom } = answer as { stage: number; fromStep: number; scheduleFrom?: number };
  const then = scheduleFrom === undefined ? "to the end" : `until the schedule goes on at step ${whole(scheduleFrom)}`;
  return `Stage ${stage} from step ${whole(fromStep)}, ${then}.`;
}
