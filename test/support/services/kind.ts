/** How to come by a server of one kind. A new broker is a file like `rabbitmq.ts` and a line in `services.ts`. */
export interface ServiceKind {
  readonly id: string;
  readonly title: string;
  /** Environment variables that may hold an address, the first that is set counts. */
  readonly variables: readonly string[];
  /** Where one listens by default. */
  readonly defaultUrl: string;
  /** Packages of Debian that bring it. */
  readonly packages: readonly string[];
  /** Connects as a client would; resolves to the server's version. */
  probe(url: string): Promise<string | undefined>;
  /** The installed server, if any. */
  findBinary(): string | undefined;
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
