/** Something that was started and can be stopped; stopping finishes the work under way first. */
export interface Running {
  stop(): Promise<void>;
}
