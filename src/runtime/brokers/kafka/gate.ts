/** Something to wait at while nobody knows how it goes on. */
export interface Gate {
  readonly isShut: boolean;
  shut(): void;
  open(): void;
  /** Undefined while it is open. */
  pass(): Promise<void> | undefined;
}

export function createGate(): Gate {
  let waiting: Promise<void> | undefined;
  let release = (): void => {};
  return {
    get isShut() {
      return waiting !== undefined;
    },
    shut() {
      waiting ??= new Promise<void>((resolve) => {
        release = resolve;
      });
    },
    open() {
      waiting = undefined;
      release();
    },
    pass: () => waiting,
  };
}
