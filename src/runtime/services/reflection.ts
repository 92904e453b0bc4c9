import { Code, implementService, type MethodInfo, type ServiceInfo, type ServiceRegistry } from "../rpc/index.js";
import { healthDescriptors } from "./grpc/health/v1/health.desc.js";
import { reflectionDescriptors } from "./grpc/reflection/v1/reflection.desc.js";
import type { ServerReflectionRequest, ServerReflectionResponseInit } from "./grpc/reflection/v1/reflection.pb.js";
import { ServerReflection, type ServerReflectionHandler } from "./grpc/reflection/v1/reflection.rpc.js";
import { indexDescriptors, type DescriptorIndex } from "./reflection/descriptor-index.js";

export { healthDescriptors };

/**
 * Serves `grpc.reflection.v1` and `v1alpha`: tools such as `buf curl` and `grpcurl` then need no contract.
 * `descriptors` are those of the files whose services the server has, from `….desc.ts` (`wirespan --reflection`).
 * They are read at the first request. Listed are the services among them that are registered when somebody asks.
 *
 * @example
 * import { usersDescriptors } from "./gen/acme/users/v1/users.desc.js";
 * registerReflection(server, [usersDescriptors, healthDescriptors]);
 */
export function registerReflection(registry: ServiceRegistry, descriptors: readonly (readonly string[])[]): void {
  let made: DescriptorIndex | undefined;
  const index = (): DescriptorIndex => (made ??= indexDescriptors([...descriptors, reflectionDescriptors]));
  const listed = (name: string): boolean => registry.registered?.(name) ?? true;
  const handler: ServerReflectionHandler = {
    async *serverReflectionInfo(requests) {
      const sent = new Set<string>();
      for await (const request of requests) {
        yield {
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(index(), request, sent, listed),
        };
      }
    },
  };
  registry.register(ServerReflection, implementService(ServerReflection, handler));
  registry.register(alpha, implementService(alpha, handler));
}

/** v1alpha is v1 under its former name: the messages have the same bytes. */
const alphaName = "grpc.reflection.v1alpha.ServerReflection";
const { serverReflectionInfo } = ServerReflection.methods;
const alpha: ServiceInfo & { readonly methods: { readonly serverReflectionInfo: MethodInfo } } = {
  typeName: alphaName,
  methods: {
    serverReflectionInfo: {
      ...serverReflectionInfo,
      service: alphaName,
      path: `/${alphaName}/${serverReflectionInfo.name}`,
    },
  },
};

type Response = ServerReflectionResponseInit["messageResponse"];

function answer(
  index: DescriptorIndex,
  { messageRequest }: ServerReflectionRequest,
  sent: Set<string>,
  listed: (service: string) => boolean,
): Response {
  switch (messageRequest?.case) {
    case "listServices": {
      const service = index.services.filter(listed).map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return files(index, messageRequest.value, sent, "file");
    case "fileContainingSymbol":
      return files(index, index.fileOfSymbol(messageRequest.value), sent, "symbol");
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = messageRequest.value;
      return files(index, index.fileOfExtension(containingType, extensionNumber), sent, "extension");
    }
    case "allExtensionNumbersOfType": {
      const baseTypeName = messageRequest.value;
      const extensionNumber = index.extensionNumbers(baseTypeName);
      if (extensionNumber === undefined) return failure(Code.NOT_FOUND, "there is no such message");
      return { case: "allExtensionNumbersResponse", value: { baseTypeName, extensionNumber } };
    }
    case undefined:
      return failure(Code.INVALID_ARGUMENT, "the request asks for nothing that is known here");
  }
}

/** A file and all that it imports, each once per stream. */
function files(index: DescriptorIndex, name: string | undefined, sent: Set<string>, what: string): Response {
  const found = name === undefined ? undefined : index.withImports(name);
  if (found === undefined) return failure(Code.NOT_FOUND, `there is no such ${what}`);
  // what was asked for is sent again
  const fresh = found.filter(({ path }) => path === name || !sent.has(path));
  for (const { path } of fresh) sent.add(path);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto: fresh.map(({ bytes }) => bytes) } };
}

function failure(errorCode: Code, errorMessage: string): Response {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
