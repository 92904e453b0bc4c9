export { aegisDropShare, createAegisBreaker } from "./aegis-breaker.js";
export type { AegisBreakerOptions } from "./aegis-breaker.js";
export { createAimdLimiter } from "./aimd.js";
export type { AimdOptions } from "./aimd.js";
export type { Breaker, BreakerBasics, BreakerState, Outcome } from "./breaker.js";
export { createBulkhead } from "./bulkhead.js";
export type { Bulkhead, BulkheadOptions, Waiter } from "./bulkhead.js";
export { createClassicBreaker } from "./classic-breaker.js";
export type { ClassicBreakerOptions } from "./classic-breaker.js";
export { createGoZeroBreaker, goZeroDropShare } from "./go-zero-breaker.js";
export type { GoZeroWindow } from "./go-zero-breaker.js";
export { createGradientLimiter, nextGradientLimit } from "./gradient.js";
export type { GradientOptions, GradientStep } from "./gradient.js";
export type { ConcurrencyLimiter, LimiterBounds, LimiterSample } from "./limiter.js";
export { createLru } from "./lru.js";
export type { Lru } from "./lru.js";
export { createRampBreaker } from "./ramp-breaker.js";
export type { RampBreakerOptions } from "./ramp-breaker.js";
export { createRedisBuckets, tokenBucketScript } from "./redis-buckets.js";
export type { RedisBucketsOptions } from "./redis-buckets.js";
export { createShedder } from "./shedder.js";
export type { Criticality, Shedder, ShedderOptions } from "./shedder.js";
export { elapsed } from "./time.js";
export type { Now } from "./time.js";
export { checkRate, createLocalBuckets, createTokenBucket } from "./token-bucket.js";
export type {
  CheckedRate,
  LocalBuckets,
  LocalBucketsOptions,
  Rate,
  TokenBucket,
  TokenBuckets,
} from "./token-bucket.js";
export { createUtilization } from "./utilization.js";
export type { UtilizationOptions } from "./utilization.js";
export type { RedisCommand } from "../stores/index.js";
