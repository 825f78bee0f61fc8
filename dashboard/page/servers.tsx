import type { TrainingFleet, TrainingInShort } from "../../trainer/index.js";
import type { ServerFigures } from "../messages.js";
import { FiguresTable } from "./figures-table.js";
import { FleetTable } from "./fleet.js";
import { bytes, lasting, percent, three } from "./words.js";

const COLUMNS = [
  "Metrics at",
  "Health",
  "Streams",
  "Batches/s",
  "Sent/s",
  "Shared cuts",
  "Time of a cut",
  "Volumes in memory",
  "Trainers wait",
  "Servers needed",
];

/** What each data server does: for this training, and in all. */
export function Servers({
  servers,
  inShort,
  fleet,
}: {
  servers: readonly ServerFigures[] | undefined;
  inShort: TrainingInShort | undefined;
  fleet: TrainingFleet | undefined;
}) {
  return (
    <section class="panel" aria-labelledby="servers">
      <h3 id="servers">Data servers</h3>
      {inShort && inShort.data.length > 0 && <p>This training asks {inShort.data.join(", ")}.</p>}
      {fleet && <FleetTable fleet={fleet} />}
      {servers === undefined ? (
        <p class="quiet">
          To see what they do for all trainings, start them with <code>--metrics-port</code>, and the dashboard with{" "}
          <code>--data-metrics</code> and those addresses.
        </p>
      ) : (
        <FiguresTable
          label="What each data server does"
          caption="As they say themselves, for all trainings"
          columns={COLUMNS}
        >
          {servers.map((server) => (
            <tr key={server.address}>
              <th scope="row">{server.address}</th>
              <td class={isWell(server) ? "words" : "words wrong"}>{healthWords(server)}</td>
              <td>{server.streams ?? "-"}</td>
              <td>{server.batchesPerSecond === undefined ? "-" : three(server.batchesPerSecond)}</td>
              <td>{server.bytesPerSecond === undefined ? "-" : bytes(server.bytesPerSecond)}</td>
              <td>{server.sharedShare === undefined ? "-" : percent(server.sharedShare)}</td>
              <td>
                {server.cutSeconds === undefined
                  ? "-"
                  : server.cutSeconds < 10
                    ? `${three(1000 * server.cutSeconds)} ms`
                    : lasting(server.cutSeconds)}
              </td>
              <td>{server.volumeHits === undefined ? "-" : percent(server.volumeHits)}</td>
              <td>{server.trainersWaiting === undefined ? "-" : percent(server.trainersWaiting)}</td>
              <td>{server.serversNeeded === undefined ? "-" : three(server.serversNeeded)}</td>
            </tr>
          ))}
        </FiguresTable>
      )}
    </section>
  );
}

function isWell({ trouble, workerDeaths = 0, waitingBatches = 0 }: ServerFigures): boolean {
  return trouble === undefined && workerDeaths === 0 && waitingBatches === 0;
}

function healthWords({ trouble, workerDeaths = 0, waitingBatches = 0 }: ServerFigures): string {
  if (trouble !== undefined) return `no answer: ${trouble}`;
  const words = [
    ...(workerDeaths > 0 ? [`${workerDeaths} threads died`] : []),
    ...(waitingBatches > 0 ? [`${waitingBatches} batches wait for memory`] : []),
  ];
  return words.length === 0 ? "well" : words.join(", ");
}
