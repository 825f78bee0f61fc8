import test from "ava";
import { HorizontalAutoscaler } from "../../benchmarks/does-the-fleet-follow-the-curriculum/horizontal-autoscaler.js";

const OPTIONS = { minReplicas: 1, maxReplicas: 4, scaleDownSeconds: 10 };

test("replicas are metric / target, rounded up, within the bounds", (t) => {
  const wanted = (metric: number) => new HorizontalAutoscaler(OPTIONS).replicas(0, 1, metric, 850);
  t.deepEqual([0, 1_000, 1_700, 1_701, 9_000].map(wanted), [1, 2, 2, 3, 4]);
});

test("within a tenth of the target, and where there is no metric, nothing changes", (t) => {
  const scaler = new HorizontalAutoscaler(OPTIONS);
  t.is(scaler.replicas(0, 2, 2 * 850 * 1.09, 850), 2);
  t.is(scaler.replicas(1, 2, 2 * 850 * 1.11, 850), 3);
  t.is(scaler.replicas(2, 2, undefined, 850), 2);
});

test("fewer only when nothing asked for more in the time for scaling down", (t) => {
  const scaler = new HorizontalAutoscaler(OPTIONS);
  t.is(scaler.replicas(0, 1, 3_400, 850), 4);
  t.is(scaler.replicas(5, 4, 850, 850), 4);
  t.is(scaler.replicas(9, 4, 1_700, 850), 4);
  t.is(scaler.replicas(11, 4, 850, 850), 2);
  t.is(scaler.replicas(30, 2, 850, 850), 1);
});
