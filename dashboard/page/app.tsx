import { useEffect, useRef, useState } from "preact/hooks";
import type { StudyStanding } from "../../study/index.js";
import type { Trouble } from "../messages.js";
import { BatchBrowser } from "./batch-browser.js";
import { follow, keepToken, type Refusal, takeToken } from "./connection.js";
import { Controls } from "./controls.js";
import { after, isUnderWay, type Model, NOTHING } from "./model.js";
import { Servers } from "./servers.js";
import { SignIn } from "./sign-in.js";
import { isDone, StudyView } from "./study-view.js";
import { TrainingList } from "./training-list.js";
import { TrainingView } from "./training-view.js";
import { lasting } from "./words.js";

/** Which training, and whether its batches are looked at: #/ID or #/ID/batches; or the study: #/study. */
interface Place {
  readonly training: string | undefined;
  readonly isBatches: boolean;
  readonly isStudy: boolean;
}

function placeNow(): Place {
  takeToken();
  const [, training = "", part] = location.hash.split("/").map(decodeURIComponent);
  const isStudy = training === "study";
  return { training: training === "" || isStudy ? undefined : training, isBatches: part === "batches", isStudy };
}

function usePlace(): Place {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const moved = () => setPlace(placeNow());
    addEventListener("hashchange", moved);
    moved(); // what changed since the first drawing
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}

/** All that the server tells of one training, at most one drawing for each frame of the screen. */
function useModel(training: string | undefined, session: number): { model: Model; lost: Refusal | undefined } {
  const [model, setModel] = useState(NOTHING);
  const [lost, setLost] = useState<Refusal>();
  const newest = useRef(NOTHING);
  useEffect(() => {
    const gone = new AbortController();
    let frame = 0;
    if (newest.current.shown?.id !== training) newest.current = { ...newest.current, shown: undefined };
    const show = () => {
      frame = 0;
      setModel(newest.current);
    };
    void follow(
      training,
      (event) => {
        newest.current = after(newest.current, event, Date.now());
        frame ||= requestAnimationFrame(show);
      },
      setLost,
      gone.signal,
    );
    return () => {
      gone.abort();
      cancelAnimationFrame(frame);
    };
  }, [training, session]);
  return { model, lost };
}

export function App() {
  const place = usePlace();
  const [session, setSession] = useState(0);
  const again = () => setSession((count) => count + 1);
  const [chosen, setChosen] = useState(place.training);
  const training = place.training ?? chosen;
  const { model, lost } = useModel(training, session);
  const { trainings, trouble, shown, servers, heardMs, study, studyTrouble } = model;
  const hasStudy = study !== undefined || studyTrouble !== undefined;
  const isStudy = hasStudy && (place.isStudy || (trainings === undefined && place.training === undefined));
  // The study's own trainer listens to nobody: its trainings are seen, and nothing else.
  const isSteered = !study?.runs.some((run) => run.isWatchable && run.training === training);
  const inShort = trainings?.find(({ id }) => id === training);
  // What a training that has ended said of its data servers is not of now.
  const isRunning = (shown?.standing?.state ?? inShort?.state) === "running";
  const fleet = isRunning ? shown?.fleet : undefined;

  // Who has chosen nothing sees the training that is under way, else the newest.
  useEffect(() => {
    if (training === undefined) setChosen((trainings?.findLast(isUnderWay) ?? trainings?.at(-1))?.id);
  }, [trainings, training]);
  // A training that was resumed is watched again.
  const goesOn = shown?.isWhole === true && isUnderWay(inShort);
  useEffect(() => {
    if (goesOn) again();
  }, [goesOn]);
  useEffect(() => {
    document.title = inShort === undefined ? "patchstream" : `${inShort.state} ${inShort.dataset} - patchstream`;
  }, [inShort?.state, inShort?.dataset]);

  if (lost?.wantsToken)
    return (
      <SignIn
        trouble={lost.trouble}
        onToken={(token) => {
          keepToken(token);
          again();
        }}
      />
    );
  const path = training === undefined ? "" : encodeURIComponent(training);
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        Skip to the training
      </button>
      <header class="top">
        <h1>patchstream</h1>
        <Standing trouble={lost?.trouble ?? trouble} heardMs={heardMs} isOwn={lost !== undefined} />
      </header>
      <div class="columns">
        <nav aria-label="Trainings">
          {hasStudy && <StudyLink study={study} isSelected={isStudy} />}
          {(trainings !== undefined || !hasStudy) && (
            <TrainingList trainings={trainings} selected={isStudy ? undefined : training} />
          )}
        </nav>
        <main id="main" tabIndex={-1}>
          {isStudy && <StudyView study={study} trouble={studyTrouble} trainings={trainings} />}
          {trainings?.length === 0 && !isStudy && <Empty />}
          {training !== undefined && !isStudy && (
            <>
              {isSteered && <Parts path={path} isBatches={place.isBatches} />}
              {shown?.trouble && (
                <p class="note wrong" role="alert">
                  This training cannot be watched. {shown.trouble.message}
                </p>
              )}
              {isSteered && place.isBatches ? (
                <BatchBrowser training={training} shown={shown} key={training} />
              ) : (
                <TrainingView inShort={inShort} shown={shown} fleet={fleet} />
              )}
              {isSteered && !place.isBatches && (
                <>
                  <Controls
                    training={training}
                    inShort={inShort}
                    stages={shown?.standing?.opened?.stages.length ?? 0}
                  />
                  <Servers servers={servers} inShort={inShort} fleet={fleet} />
                </>
              )}
            </>
          )}
        </main>
      </div>
    </>
  );
}

/** The training's two parts. */
function Parts({ path, isBatches }: { path: string; isBatches: boolean }) {
  return (
    <div class="parts">
      <a href={`#/${path}`} aria-current={isBatches ? undefined : "page"}>
        Training
      </a>
      <a href={`#/${path}/batches`} aria-current={isBatches ? "page" : undefined}>
        Batches
      </a>
    </div>
  );
}

function StudyLink({ study, isSelected }: { study: StudyStanding | undefined; isSelected: boolean }) {
  const done = study?.runs.filter(isDone).length ?? 0;
  return (
    <>
      <h2>Study</h2>
      <ul class="trainings">
        <li>
          <a href="#/study" aria-current={isSelected ? "true" : undefined}>
            <strong>{study?.name ?? "cannot be read"}</strong>
            {study && (
              <small>
                {done} of {study.runs.length} runs have a result
              </small>
            )}
          </a>
        </li>
      </ul>
    </>
  );
}

function Empty() {
  return (
    <p class="note">
      The trainer has no trainings yet. Start one:{" "}
      <code>patchstream train --data ADDRESS --trainer ADDRESS --run run.json</code>
    </p>
  );
}

/** Whether what is shown is of now. */
function Standing({
  trouble,
  heardMs,
  isOwn,
}: {
  trouble: Trouble | undefined;
  heardMs: number | undefined;
  isOwn: boolean;
}) {
  const [nowMs, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  if (trouble === undefined)
    return (
      <p class="standing" role="status">
        {heardMs === undefined ? "connecting" : "live"}
      </p>
    );
  const age =
    heardMs === undefined
      ? "Nothing came yet."
      : `What is shown is ${lasting(Math.max(0, (nowMs - heardMs) / 1000))} old.`;
  return (
    <p class="standing wrong" role="alert">
      <strong>{isOwn ? "No connection." : whatFailed(trouble.code)}</strong> {trouble.message}{" "}
      <span aria-live="off">{age}</span>
    </p>
  );
}

function whatFailed(code: string): string {
  if (code === "UNAUTHENTICATED") return "The trainer refuses the dashboard's token.";
  if (code === "DEADLINE") return "The trainer is slow to answer.";
  return "The trainer does not answer.";
}
