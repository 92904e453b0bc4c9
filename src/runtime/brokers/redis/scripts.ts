import { createHash } from "node:crypto";

/** A script: what must happen at once, or needs what only the server knows. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/** Where given-back entries wait for their next consumer: in place, under a name that no consumer has. */
const returned = "~returned";
/** Idle for longer than anybody's limit. */
const longIdleMs = 1_000_000_000;

/** Entries that are done with and that nobody else wants. KEYS: stream. ARGV: group, id… */
export const finish: Script = script(`
for i = 2, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
return #ARGV - 1`);

/**
 * Gives entries back in place, if they are still ours, and wakes up others. KEYS: stream, wake. ARGV: group, consumer, 1 when the
 * delivery is not to be counted, id…
 */
export const giveBack: Script = script(`
local given = 0
for i = 4, #ARGV do
  local entry = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  if entry and entry[2] == ARGV[2] then
    local count = math.max(entry[4] - tonumber(ARGV[3]), 0)
    redis.call('XCLAIM', KEYS[1], ARGV[1], '${returned}', 0, ARGV[i],
      'IDLE', ${longIdleMs}, 'RETRYCOUNT', count, 'JUSTID')
    given = given + 1
  end
end
if given > 0 then redis.call('XADD', KEYS[2], 'MAXLEN', 1, '*', 'given', given) end
return given`);

/** Replies with id, fields and number of deliveries of each. */
const withCounts = `
local function counted(entries)
  local reply = {}
  for _, entry in ipairs(entries) do
    if entry and entry[2] then
      local pending = redis.call('XPENDING', KEYS[1], ARGV[1], entry[1], entry[1], 1)[1]
      reply[#reply + 1] = { entry[1], entry[2], pending and pending[4] or 1 }
    end
  end
  return reply
end`;

/** Takes what was given back, lowest first. KEYS: stream. ARGV: group, consumer, count. */
export const takeReturned: Script = script(`${withCounts}
local ids = {}
for _, entry in ipairs(redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', ARGV[3], '${returned}')) do
  ids[#ids + 1] = entry[1]
end
if #ids == 0 then return {} end
return counted(redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, unpack(ids)))`);

/**
 * Takes what consumers left that are gone, and forgets consumers that have nothing and did nothing for a while. KEYS:
 * stream. ARGV: group, consumer, milliseconds without a sign of life, where to go on, count, milliseconds until a
 * consumer is forgotten.
 */
export const takeAbandoned: Script = script(`${withCounts}
for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #info, 2 do consumer[info[i]] = info[i + 1] end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[6]) and consumer.name ~= ARGV[2] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
  end
end
local claimed = redis.call('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
return { claimed[1], counted(claimed[2]) }`);

/** Shows that a consumer is alive and at work. Replies with what is no longer its. KEYS: stream. ARGV: group, consumer, id… */
export const keep: Script = script(`
local lost = {}
for i = 3, #ARGV do
  local entry = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]
  if entry and entry[2] == ARGV[2] then
    redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost`);

const still = `
local entry = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)[1]
if not entry or entry[2] ~= ARGV[2] then return 0 end`;

/**
 * Has an entry delivered again later, if it is still ours: by the server's clock. KEYS: stream, retry. ARGV: group,
 * consumer, id, 1 when the entry is to be deleted, milliseconds, mark of the stream, field…
 */
export const later: Script = script(`${still}
local fields = {}
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
local now = redis.call('TIME')
local due = now[1] * 1000 + math.ceil(now[2] / 1000) + tonumber(ARGV[5])
redis.call('ZADD', KEYS[2], string.format('%.0f', due), ARGV[6] .. ARGV[3] .. '|' .. cmsgpack.pack(fields))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == '1' then redis.call('XDEL', KEYS[1], ARGV[3]) end
return 1`);

/** Puts a changed copy behind what is due, if the entry is still ours. KEYS: stream, redeliver. ARGV as above without the times. */
export const replace: Script = script(`${still}
local fields = {}
for i = 5, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == '1' then redis.call('XDEL', KEYS[1], ARGV[3]) end
return 1`);

/** Moves what is due; every process may. Replies with how many, and the milliseconds until the next. KEYS: retry, redeliver. ARGV: count. */
export const moveDue: Script = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  local at = string.find(member, '|', 1, true)
  redis.call('XADD', KEYS[2], '*', unpack(cmsgpack.unpack(string.sub(member, at + 1))))
  redis.call('ZREM', KEYS[1], member)
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #first == 0 then return { #due, -1 } end
return { #due, math.max(0, math.ceil(tonumber(first[2]) - now)) }`);

/** What waits to be tried again, for those who look. KEYS: retry. ARGV: count. */
export const delayed: Script = script(`
local reply = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)) do
  local at = string.find(member, '|', 1, true)
  reply[#reply + 1] = { string.sub(member, 2, at - 1), cmsgpack.unpack(string.sub(member, at + 1)) }
end
return reply`);

const parseId = `
local function parse(id)
  local at = string.find(id, '-', 1, true)
  return tonumber(string.sub(id, 1, at - 1)), tonumber(string.sub(id, at + 1))
end`;

/**
 * Deletes what every group is done with: below the lowest entry that is pending or not yet delivered, for each of them.
 * By length alone would delete pending ones. KEYS: stream. ARGV: milliseconds that entries are kept in any case, and how
 * many are; -1: no such rule.
 */
export const trim: Script = script(`${parseId}
local ms, seq
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  local at, number
  if group.pending > 0 then
    at, number = parse(redis.call('XPENDING', KEYS[1], group.name)[2])
  else
    at, number = parse(group['last-delivered-id'])
    number = number + 1
  end
  if not ms or at < ms or (at == ms and number < seq) then ms, seq = at, number end
end
if not ms then return 0 end
local function below(at, number)
  if ms < at or (ms == at and seq < number) then at, number = ms, seq end
  return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', at, number))
end
local age, length = tonumber(ARGV[1]), tonumber(ARGV[2])
if age < 0 and length < 0 then return below(ms, seq) end
local removed = 0
if age >= 0 then removed = below(math.max(redis.call('TIME')[1] * 1000 - age, 0), 0) end
if length < 0 then return removed end
for _ = 1, 100 do
  local excess = math.min(redis.call('XLEN', KEYS[1]) - length, 1000)
  if excess <= 0 then return removed end
  local entries = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', excess + 1)
  local at, number = ms, seq
  if #entries > excess then at, number = parse(entries[excess + 1][1]) end
  local now = below(at, number)
  removed = removed + now
  if now < excess then return removed end
end
return removed`);

/** The ids up to which streams were filled. KEYS: streams. */
export const lastIds: Script = script(`
local reply = {}
for i, key in ipairs(KEYS) do
  local info = redis.pcall('XINFO', 'STREAM', key)
  reply[i] = '0-0'
  if not info.err then
    for j = 1, #info, 2 do
      if info[j] == 'last-generated-id' then reply[i] = info[j + 1] end
    end
  end
end
return reply`);

/**
 * What a group has not acknowledged: delivered, to be delivered, due and to be due. -1: the server cannot tell. KEYS:
 * stream, redeliver, retry. ARGV: group, 1 when the address is one queue.
 */
export const depth: Script = script(`
local waiting = redis.call('ZCARD', KEYS[3])
if redis.call('EXISTS', KEYS[2]) == 1 then waiting = waiting + redis.call('XLEN', KEYS[2]) end
if redis.call('EXISTS', KEYS[1]) == 0 then return waiting end
if ARGV[2] == '1' then return waiting + redis.call('XLEN', KEYS[1]) end
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  if group.name == ARGV[1] then
    if not group.lag then return -1 end
    return waiting + group.pending + group.lag
  end
end
return waiting`);
