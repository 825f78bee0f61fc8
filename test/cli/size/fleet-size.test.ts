import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { statedBytes, statedCost } from "../../../cli/size/batch-cost.js";
import {
  BUSY,
  fleetSize,
  processorsInUse,
  type StageLoad,
  TRAINERS_OF_A_SERVER,
} from "../../../cli/size/fleet-size.js";
import { serverLimits } from "../../../loader/server/limits.js";

const FINAL = { patchSize: [128, 128, 128], batchSize: 2 } as const;

/** The last stage of a CT-sized run, on an A100. */
const CT: StageLoad = {
  ...FINAL,
  stage: 9,
  stepMs: 130,
  batchBytes: statedBytes(FINAL, 1),
  cost: statedCost(FINAL, { channels: 1, augmentation: "nnunet" }),
};

const MACHINE = { processors: 8, gbitPerSecond: 10 };

/** Trainers, order and the server's processor milliseconds a step, as the crowd test measured them with our client. */
function measuredCrowds(): readonly { readonly trainers: number; readonly order: string; readonly ms: number }[] {
  const results = readFileSync(new URL("../../../../benchmarks/RESULTS.md", import.meta.url), "utf8");
  const [, table = ""] = /how-many-trainers-does-one-server-feed begin -->([\s\S]*?)<!--/.exec(results) ?? [];
  return [...table.matchAll(/^\| ours \| (\d+) \| ([a-z ]+) \| [\d ]+ \| (\d+)/gm)].map(([, trainers, order, ms]) => ({
    trainers: Number(trainers),
    order: order ?? "",
    ms: Number(ms),
  }));
}

test("the rule gives the processor time that the crowd test measured, to 20 %", (t) => {
  const crowds = measuredCrowds();
  t.true(crowds.length >= 5);
  for (const { trainers, order, ms } of crowds) {
    const sameOrder = order === "one for all" ? trainers : 1;
    const ruled = CT.stepMs * processorsInUse(CT, { servers: 1, trainings: trainers, sameOrder });
    const error = ruled / ms - 1;
    t.log(
      `${trainers} trainers, ${order}: ${ruled.toFixed(0)} ms by the rule, ${ms} ms measured, ${(100 * error).toFixed(0)} %`,
    );
    t.true(Math.abs(error) < 0.2, `${trainers} trainers, ${order}`);
  }
});

test("one trainer needs one server, and says what it is for", (t) => {
  const { servers, fleets, stages } = fleetSize([CT], { gpus: 1, ranks: 1, sameOrder: 1 }, MACHINE);
  t.deepEqual({ servers, fleets, limit: stages[0]?.limit }, { servers: 1, fleets: 1, limit: "network" });
});

test("a network that is short, processors that are short, and the one thread that sends each set the number of servers", (t) => {
  const trainers = { gpus: 64, ranks: 1, sameOrder: 1 };
  const limitOf = (load: StageLoad, machine: typeof MACHINE) => fleetSize([load], trainers, machine).stages[0]?.limit;
  t.is(limitOf(CT, { processors: 64, gbitPerSecond: 1 }), "network");
  t.is(limitOf(CT, { processors: 2, gbitPerSecond: 100 }), "cut");
  t.is(limitOf({ ...CT, cost: { cutMs: 1, carryMs: 6 } }, { processors: 64, gbitPerSecond: 100 }), "carry");
});

test("trainings of one order share cuts on a server, not between servers", (t) => {
  const of = (servers: number, sameOrder: number) => processorsInUse(CT, { servers, trainings: 4, sameOrder });
  t.true(of(1, 4) < of(2, 4) && of(2, 4) < of(4, 4));
  t.is(of(4, 4), of(1, 1));
  t.is(of(8, 4), of(4, 4));
});

test("ranks of one training share its batch: they need what one trainer needs", (t) => {
  const one = fleetSize([CT], { gpus: 1, ranks: 1, sameOrder: 1 }, MACHINE);
  const two = fleetSize([CT], { gpus: 2, ranks: 2, sameOrder: 1 }, MACHINE);
  t.deepEqual(two.stages, one.stages);
});

test("no server has more trainers than it takes, nor is busy for longer than it may be, and one server less would be", (t) => {
  const load = fc.record({
    stepMs: fc.double({ min: 1, max: 1e3, noNaN: true }),
    cutMs: fc.double({ min: 0.1, max: 100, noNaN: true }),
    carryMs: fc.double({ min: 0.01, max: 20, noNaN: true }),
    batchBytes: fc.integer({ min: 1e3, max: 1e8 }),
  });
  const who = fc.record({ trainings: fc.integer({ min: 1, max: 300 }), ranks: fc.constantFrom(1, 2, 4) });
  fc.assert(
    fc.property(
      load,
      who,
      fc.integer({ min: 1, max: 8 }),
      ({ stepMs, batchBytes, ...cost }, { trainings, ranks }, same) => {
        const sameOrder = Math.min(same, trainings);
        const trainers = { gpus: ranks * trainings, ranks, sameOrder };
        const { fleets, servers, serversOfAFleet, stages } = fleetSize(
          [{ ...CT, stepMs, batchBytes, cost }],
          trainers,
          MACHINE,
        );
        const ofAFleet = Math.ceil(trainings / fleets);
        const fits = (servers: number) => {
          const demand = { servers, trainings: ofAFleet, sameOrder: Math.min(sameOrder, ofAFleet) };
          const carrying = (ofAFleet * cost.carryMs) / stepMs;
          const gbits = (ofAFleet * 8 * batchBytes) / stepMs / 1e6;
          const most = BUSY * servers * (1 + 1e-9);
          return (
            processorsInUse({ stepMs, cost }, demand) <= most * MACHINE.processors &&
            carrying <= most &&
            gbits <= most * MACHINE.gbitPerSecond
          );
        };
        t.true(trainers.gpus / fleets <= TRAINERS_OF_A_SERVER);
        t.is(servers, fleets * serversOfAFleet);
        t.is(stages[0]?.servers, servers);
        t.true(fits(serversOfAFleet));
        t.true(serversOfAFleet === 1 || !fits(serversOfAFleet - 1));
      },
    ),
  );
});

test("a server takes the streams of as many trainers as a fleet may have, with the second stream of each in validation", (t) => {
  t.is(2 * TRAINERS_OF_A_SERVER, serverLimits({}, 1).maxStreams);
});
