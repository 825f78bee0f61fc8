/** How the autoscaler is set up. */
export interface AutoscalerOptions {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Of what was recommended in so many seconds, the highest counts. */
  readonly scaleDownSeconds: number;
}

/** Within a tenth of its target a metric changes nothing. */
const TOLERANCE = 0.1;

/**
 * The rule of Kubernetes' HorizontalPodAutoscaler for one external metric with a target per replica: replicas = metric / target, rounded up,
 * unless it is within a tenth of what there are; fewer only when nothing asked for more in the time for scaling down
 * (kubernetes/kubernetes, pkg/controller/podautoscaler: GetExternalPerPodMetricReplicas, stabilizeRecommendationWithBehaviors).
 */
export class HorizontalAutoscaler {
  readonly #options: AutoscalerOptions;
  #recommended: readonly { readonly seconds: number; readonly replicas: number }[] = [];

  constructor(options: AutoscalerOptions) {
    this.#options = options;
  }

  /** Replicas wanted at a time in seconds, where there are `current`. `metric` undefined: it could not be had, and nothing changes. */
  replicas(seconds: number, current: number, metric: number | undefined, target: number): number {
    if (metric === undefined) return current;
    const { minReplicas, maxReplicas, scaleDownSeconds } = this.#options;
    const isNear = Math.abs(metric / (target * current) - 1) <= TOLERANCE;
    const asked = isNear ? current : Math.ceil(metric / target);
    const replicas = Math.min(maxReplicas, Math.max(minReplicas, asked));
    const lately = this.#recommended.filter((one) => seconds - one.seconds < scaleDownSeconds);
    this.#recommended = [...lately, { seconds, replicas }];
    const most = Math.max(...this.#recommended.map((one) => one.replicas));
    return replicas > current ? replicas : Math.min(current, most);
  }
}
