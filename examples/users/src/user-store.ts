import { randomUUID } from "node:crypto";
import { timestampFromDate } from "@wirespan/runtime/wkt";
import { User, type CreateUserRequest, type ListUsersRequest } from "./gen/acme/users/v1/users.pb.js";

/** Users in memory: what a database would be in a real service. */
export interface UserStore {
  /** Undefined when the address is taken. */
  add(request: CreateUserRequest): User | undefined;
  find(id: string, email: string): User | undefined;
  list(request: ListUsersRequest): readonly User[];
}

export function createUserStore(): UserStore {
  const users = new Map<string, User>();
  const byEmail = (email: string): User | undefined => [...users.values()].find((user) => user.email === email);

  return {
    add({ name, email, plan }) {
      if (byEmail(email) !== undefined) return undefined;
      const user = User.create({ id: randomUUID(), name, email, plan, createdAt: timestampFromDate(new Date()) });
      users.set(user.id, user);
      return user;
    },
    find: (id, email) => (id === "" ? byEmail(email) : users.get(id)),
    list: ({ plans, name, limit }) =>
      [...users.values()]
        .filter((user) => plans.length === 0 || plans.includes(user.plan))
        .filter((user) => user.name.includes(name))
        .slice(0, limit > 0 ? limit : 100),
  };
}
