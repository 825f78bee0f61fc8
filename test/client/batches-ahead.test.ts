import { MessageChannel } from "node:worker_threads";
import test, { type ExecutionContext } from "ava";
import { BatchesAhead } from "../../client/batches-ahead.js";
import type { SentAhead } from "../../client/transport/messages.js";

function sentAhead(step: number, stage: number): SentAhead {
  const samples = { cases: [], caseIndex: [], class: [], start: [], size: [], checksum: 0 };
  const batch = {
    step,
    stage,
    globalBatch: 1,
    checksum: 0,
    tensors: [],
    samples,
    servedUs: undefined,
    isShared: false,
  };
  return { batch: { ...batch, buffer: new ArrayBuffer(8), carrier: "lane", carriedMs: 1 }, firstUnwanted: step + 1 };
}

/** Batches as the transport thread sends them, and how many were freed. */
function aheadOf(t: ExecutionContext, sent: readonly SentAhead[]) {
  const { port1: near, port2: far } = new MessageChannel();
  t.teardown(() => near.close());
  const freed: ArrayBuffer[] = [];
  const ahead = new BatchesAhead(far, (memory) => void freed.push(memory));
  for (const one of sent) near.postMessage(one, [one.batch.buffer]);
  return { ahead, freed };
}

test("of what was sent for one step the newest is taken, and the memory of the others is given back", (t) => {
  const { ahead, freed } = aheadOf(t, [sentAhead(4, 0), sentAhead(4, 1), sentAhead(4, 2), sentAhead(5, 2)]);
  t.like(ahead.take(4)?.batch, { step: 4, stage: 2 });
  t.is(freed.length, 2);
  t.like(ahead.take(5)?.batch, { step: 5, stage: 2 });
  t.is(ahead.take(6), undefined);
  t.is(freed.length, 2);
});

test("a batch whose step was delivered otherwise is given back at the next look", (t) => {
  const { ahead, freed } = aheadOf(t, [sentAhead(4, 0), sentAhead(5, 1)]);
  ahead.freeBefore(5);
  t.is(freed.length, 1);
  t.like(ahead.take(5)?.batch, { step: 5 });
});

test("what nobody has taken is given back at the end, and nothing is there after it", (t) => {
  const { ahead, freed } = aheadOf(t, [sentAhead(4, 0)]);
  ahead[Symbol.dispose]();
  t.is(freed.length, 1);
  t.is(ahead.take(4), undefined);
});
