/** How to come by a program of the distribution's. */
export interface ProgramKind {
  readonly id: string;
  readonly title: string;
  /** Environment variables that may say where one is, the first that is set counts. */
  readonly variables: readonly string[];
  /** Packages of Debian that bring it. */
  readonly packages: readonly string[];
  /** The installed program, if any. */
  findBinary(): string | undefined;
  /** Where no package brings it: fetches it. Empty when it worked, else the reason. */
  readonly install?: () => Promise<string>;
}

/** How to come by a server of one kind. A new broker is a file like `rabbitmq.ts` and a line in `services.ts`. */
export interface ServiceKind extends ProgramKind {
  /** Where one listens by default. */
  readonly defaultUrl: string;
  /** Connects as a client would; resolves to the server's version. */
  probe(url: string): Promise<string | undefined>;
  /** Starts one on the loopback interface, on free ports, with its data in the folder of the run. */
  start(binary: string): Promise<OwnServer>;
}

/** A server that this process started. */
export interface OwnServer {
  readonly url: string;
  readonly version: string;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same address with the same data; kills it first when it is running. */
  restart(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
}
