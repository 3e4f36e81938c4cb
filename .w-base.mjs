// lib/agent/aws/api.ts
var AwsApiError = class extends Error {
  constructor(name, message, statusCode = 400) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
  name;
  statusCode;
};
function apiOf(service, operations) {
  return async (operation, input) => {
    const answer = Object.hasOwn(operations, operation) ? operations[operation] : void 0;
    if (!answer) throw new Error(`the simulated ${service} does not answer ${operation}`);
    return answer(input);
  };
}
function membersOf(operation, input, known) {
  const members2 = typeof input === "object" && input !== null ? { ...input } : {};
  const unknown2 = Object.keys(members2).find((name) => members2[name] !== void 0 && !known.includes(name));
  if (unknown2 !== void 0) throw new Error(`the simulated ${operation} does not know ${unknown2}`);
  return members2;
}

// lib/agent/clock.ts
import { setMaxListeners } from "node:events";
var Stopped = class extends Error {
  name = "Stopped";
  constructor() {
    super("stopped");
  }
};
var STOPPED = new Stopped();
function stopper() {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
function assertRunning(signal) {
  if (signal?.aborted) throw STOPPED;
}
async function unlessStopped(work2, signal) {
  try {
    await work2;
  } catch (error) {
    if (!(error instanceof Stopped && signal.aborted)) throw error;
  }
}
var LONGEST_TIMER_MS = 2 ** 31 - 1;
var wakesBefore = (a, b) => a.wakeAtMs < b.wakeAtMs || a.wakeAtMs === b.wakeAtMs && a.order < b.order;
var VirtualClock = class {
  nowMs;
  order = 0;
  /** A binary heap, the first to wake in front: hundreds sleep at a time, and one wakes every few simulated ms. */
  sleepers = [];
  constructor(startMs) {
    this.nowMs = startMs;
  }
  now() {
    return this.nowMs;
  }
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(STOPPED);
      const stop = () => {
        sleeper.wake = void 0;
        reject(STOPPED);
      };
      const sleeper = {
        wakeAtMs: this.nowMs + Math.max(0, ms),
        order: this.order++,
        wake: () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        }
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.push(sleeper);
    });
  }
  /** Lets `ms` milliseconds pass. */
  async advance(ms) {
    const untilMs = this.nowMs + ms;
    await this.settle();
    for (; ; ) {
      const next = this.sleepers[0];
      if (!next || next.wakeAtMs > untilMs) break;
      this.pop();
      if (!next.wake) continue;
      this.nowMs = next.wakeAtMs;
      next.wake();
      await this.settle();
    }
    this.nowMs = untilMs;
  }
  /** Lets everything that waits for nothing but other promises finish; time does not pass. */
  async settle() {
    await new Promise((resolve) => setImmediate(resolve));
  }
  push(sleeper) {
    const { sleepers } = this;
    let at2 = sleepers.length;
    while (at2 > 0) {
      const above = at2 - 1 >> 1;
      const parent = sleepers[above];
      if (!wakesBefore(sleeper, parent)) break;
      sleepers[at2] = parent;
      at2 = above;
    }
    sleepers[at2] = sleeper;
  }
  /** Takes the first one out. */
  pop() {
    const { sleepers } = this;
    const last = sleepers.pop();
    if (!last || sleepers.length === 0) return;
    let at2 = 0;
    for (; ; ) {
      const left = sleepers[2 * at2 + 1];
      const right = sleepers[2 * at2 + 2];
      const below = right && left && wakesBefore(right, left) ? 2 * at2 + 2 : 2 * at2 + 1;
      const child = sleepers[below];
      if (!child || !wakesBefore(child, last)) break;
      sleepers[at2] = child;
      at2 = below;
    }
    sleepers[at2] = last;
  }
};

// lib/agent/aws/meter.ts
var ApiMeter = class {
  constructor(options) {
    this.options = options;
  }
  options;
  counts = /* @__PURE__ */ new Map();
  toRefuse = /* @__PURE__ */ new Map();
  buckets = /* @__PURE__ */ new Map();
  /** How often each operation was called, refused calls included. */
  get calls() {
    return this.counts;
  }
  /** Refuses the next `times` calls of an operation, whatever its bucket holds. */
  throttleNext(operation, times = 1) {
    this.toRefuse.set(operation, (this.toRefuse.get(operation) ?? 0) + times);
  }
  /** Counts a call. @throws {AwsApiError} the service's refusal; a refused call takes no token */
  spend(operation, category) {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    const refusals = this.toRefuse.get(operation) ?? 0;
    if (refusals > 0) {
      this.toRefuse.set(operation, refusals - 1);
      throw this.options.refusal();
    }
    const bucket = this.bucketOf(category);
    if (bucket && !bucket.take(this.options.clock.now())) throw this.options.refusal();
  }
  bucketOf(category) {
    const { clock, rates } = this.options;
    if (!rates) return void 0;
    const rate = rates[category];
    if (!rate) throw new Error(`no rate for calls of category ${category}`);
    const bucket = this.buckets.get(category) ?? new Bucket(rate, clock.now());
    this.buckets.set(category, bucket);
    return bucket;
  }
};
var Bucket = class {
  constructor(rate, filledAtMs) {
    this.rate = rate;
    this.filledAtMs = filledAtMs;
    this.tokens = rate.burst;
  }
  rate;
  filledAtMs;
  tokens;
  take(nowMs) {
    const { burst, perSecond } = this.rate;
    this.tokens = Math.min(burst, this.tokens + (nowMs - this.filledAtMs) / 1e3 * perSecond);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
};

// lib/agent/aws/auto-scaling.ts
var DEFAULT_RESULT = "ABANDON";
var TERMINATING = "autoscaling:EC2_INSTANCE_TERMINATING";
var LONGEST_WAIT_SECONDS = 172800;
var SimulatedAutoScaling = class {
  constructor(options) {
    this.options = options;
    const refusal = () => new AwsApiError("Throttling", "Rate exceeded");
    this.meter = new ApiMeter({ clock: options.clock, refusal });
  }
  options;
  hooks = /* @__PURE__ */ new Map();
  all = [];
  waits = /* @__PURE__ */ new Map();
  meter;
  /** Answers the two operations below; any other is an error that names it. */
  api = apiOf("Auto Scaling", {
    CompleteLifecycleAction: (input) => this.completeLifecycleAction(input),
    DescribeLifecycleHooks: (input) => this.describeLifecycleHooks(input)
  });
  /** How often each operation was called. */
  get calls() {
    return this.meter.calls;
  }
  /** Every wait at a hook so far, oldest first. */
  get actions() {
    return this.all;
  }
  /** Refuses the next `times` calls of an operation with `Throttling`. */
  throttleNext(operation, times = 1) {
    this.meter.throttleNext(operation, times);
  }
  /** Adds a hook to its group, or replaces the one of its name. */
  putHook(hook) {
    this.hooks.set(`${hook.autoScalingGroup}/${hook.hookName}`, hook);
  }
  /**
   * Announces that an instance is about to end, and holds it until that is completed or its heartbeat ends.
   *
   * @param reclaimAtMs when the instance is lost whatever the hook says, in epoch milliseconds
   * @throws {Stopped} when the simulation ends first
   */
  async hold(host, hook, reclaimAtMs = Infinity) {
    const { clock, signal } = this.options;
    this.putHook(hook);
    const action = this.begin(host, hook);
    this.announce(action, hook);
    const stop = stopper();
    const abort = () => stop.abort();
    this.waits.set(action, stop);
    signal.addEventListener("abort", abort, { once: true });
    const untilMs = Math.min(action.heartbeatEndsAtMs, reclaimAtMs);
    await unlessStopped(clock.sleep(untilMs - clock.now(), stop.signal), stop.signal);
    signal.removeEventListener("abort", abort);
    this.waits.delete(action);
    assertRunning(signal);
    const by = reclaimAtMs < action.heartbeatEndsAtMs ? "reclaim" : "heartbeat";
    action.end ??= { atMs: clock.now(), by, result: DEFAULT_RESULT };
  }
  /** @throws {AwsApiError} `ValidationError` for a group without hooks */
  describeLifecycleHooks(input) {
    const known = ["AutoScalingGroupName", "LifecycleHookNames"];
    const { AutoScalingGroupName, LifecycleHookNames } = membersOf("DescribeLifecycleHooks", input, known);
    this.meter.spend("DescribeLifecycleHooks", "all");
    const ofGroup = [...this.hooks.values()].filter((hook) => hook.autoScalingGroup === AutoScalingGroupName);
    if (ofGroup.length === 0) throw invalid(`AutoScalingGroup name not found - ${AutoScalingGroupName}`);
    const asked = (name) => !Array.isArray(LifecycleHookNames) || LifecycleHookNames.includes(name);
    return { LifecycleHooks: ofGroup.filter(({ hookName }) => asked(hookName)).map(describedHook) };
  }
  /** Lets a waiting instance go. @throws {AwsApiError} `ValidationError` if none waits, as after the first call */
  completeLifecycleAction(input) {
    const request = membersOf("CompleteLifecycleAction", input, [
      "AutoScalingGroupName",
      "InstanceId",
      "LifecycleActionResult",
      "LifecycleActionToken",
      "LifecycleHookName"
    ]);
    this.meter.spend("CompleteLifecycleAction", "all");
    const { LifecycleActionResult: result, LifecycleActionToken: token, InstanceId: instanceId } = request;
    if (result !== "CONTINUE" && result !== "ABANDON") {
      throw invalid(`Lifecycle Action Result ${result} is not valid: CONTINUE or ABANDON`);
    }
    if (token === void 0 && instanceId === void 0) {
      throw invalid("Either a lifecycle action token or an instance ID is required");
    }
    const [action, stop] = [...this.waits].find(
      ([{ autoScalingGroup, hookName, ...waiting }]) => autoScalingGroup === request.AutoScalingGroupName && hookName === request.LifecycleHookName && (token === void 0 ? waiting.instanceId === instanceId : waiting.token === token)
    ) ?? [];
    if (!action || action.end) {
      const name = token === void 0 ? `instance ID ${instanceId}` : `token ${token}`;
      throw invalid(`No active Lifecycle Action found with ${name}`);
    }
    action.end = { atMs: this.options.clock.now(), by: "completion", result };
    stop?.abort();
    return {};
  }
  begin({ instanceId }, hook) {
    const { clock, random } = this.options;
    const startedAtMs = clock.now();
    const action = {
      token: random.fork(`token ${instanceId}`).uuid(),
      autoScalingGroup: hook.autoScalingGroup,
      hookName: hook.hookName,
      instanceId,
      startedAtMs,
      heartbeatEndsAtMs: startedAtMs + hook.heartbeatSeconds * 1e3
    };
    this.all.push(action);
    return action;
  }
  announce({ token, autoScalingGroup, hookName, instanceId }, hook) {
    const { account, feed, random, region } = this.options;
    const id = random.fork(`group ${autoScalingGroup}`).uuid();
    const arn = `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:${id}:autoScalingGroupName/${autoScalingGroup}`;
    feed.publish("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action", arn, {
      LifecycleActionToken: token,
      AutoScalingGroupName: autoScalingGroup,
      LifecycleHookName: hookName,
      EC2InstanceId: instanceId,
      LifecycleTransition: TERMINATING,
      Origin: "AutoScalingGroup",
      Destination: hook.destination ?? "EC2"
    });
  }
};
function describedHook({ autoScalingGroup, hookName, heartbeatSeconds }) {
  return {
    AutoScalingGroupName: autoScalingGroup,
    LifecycleHookName: hookName,
    LifecycleTransition: TERMINATING,
    HeartbeatTimeout: heartbeatSeconds,
    GlobalTimeout: Math.min(LONGEST_WAIT_SECONDS, heartbeatSeconds * 100),
    DefaultResult: DEFAULT_RESULT
  };
}
function invalid(message) {
  return new AwsApiError("ValidationError", message);
}

// lib/agent/aws/registry.ts
var REMEMBERED_MS = 60 * 60 * 1e3;
var Registry = class {
  constructor(clock) {
    this.clock = clock;
  }
  clock;
  /** In the order in which they came. */
  entries = /* @__PURE__ */ new Map();
  /** When each that has ended did, in epoch milliseconds, in the order of the ends. */
  endedAtMs = /* @__PURE__ */ new Map();
  positions = 0;
  add(id, item) {
    this.entries.set(id, { position: this.positions++, item });
  }
  /** From now on the hour runs. */
  end(id) {
    this.forget();
    this.endedAtMs.set(id, this.clock.now());
  }
  get(id) {
    this.forget();
    return this.entries.get(id)?.item;
  }
  /** All of them, oldest first. */
  values() {
    this.forget();
    return [...this.entries.values()].map(({ item }) => item);
  }
  /**
   * At most `limit` of those that are `wanted`, oldest first, after those of the page that `token` came with.
   * What comes and goes between two pages moves nothing else from one to the other.
   *
   * @throws what `refusal` makes if no page came with this token
   */
  page(wanted, limit, token, refusal) {
    this.forget();
    const after = positionOf(token, refusal);
    const rest = [...this.entries.values()].filter(({ position, item }) => position > after && wanted(item));
    const entries = rest.slice(0, limit);
    const last = entries.at(-1);
    const items = entries.map(({ item }) => item);
    return last && rest.length > limit ? { items, nextToken: tokenOf(last.position) } : { items };
  }
  forget() {
    const nowMs = this.clock.now();
    for (const [id, endedAtMs] of this.endedAtMs) {
      if (endedAtMs + REMEMBERED_MS > nowMs) return;
      this.endedAtMs.delete(id);
      this.entries.delete(id);
    }
  }
};
var PREFIX = "after:";
function tokenOf(position) {
  return Buffer.from(`${PREFIX}${position}`).toString("base64url");
}
function positionOf(token, refusal) {
  if (token === void 0) return -1;
  const text2 = Buffer.from(String(token), "base64url").toString();
  const position = Number(text2.slice(PREFIX.length));
  if (!text2.startsWith(PREFIX) || !Number.isInteger(position)) throw refusal();
  return position;
}

// lib/agent/aws/ec2.ts
var STATE_CODES = { running: 16, "shutting-down": 32, terminated: 48, stopping: 64, stopped: 80 };
var RATES = {
  describe: { burst: 100, perSecond: 20 },
  "describe everything": { burst: 50, perSecond: 10 }
};
var PAGE = { least: 5, most: 1e3 };
var SimulatedEc2 = class {
  constructor(options) {
    this.options = options;
    this.instances = new Registry(options.clock);
    this.meter = new ApiMeter({
      clock: options.clock,
      ...options.throttling ? { rates: RATES } : {},
      refusal: () => new AwsApiError("RequestLimitExceeded", "Request limit exceeded.", 503)
    });
  }
  options;
  instances;
  meter;
  /** Answers DescribeInstances; any other operation is an error that names it. */
  api = apiOf("EC2", { DescribeInstances: (input) => this.describeInstances(input) });
  /** How often each operation was called. */
  get calls() {
    return this.meter.calls;
  }
  /** Refuses the next `times` calls of an operation with `RequestLimitExceeded`. */
  throttleNext(operation, times = 1) {
    this.meter.throttleNext(operation, times);
  }
  /** Makes a host an instance that runs since now. */
  launch(host) {
    const { clock } = this.options;
    this.instances.add(host.instanceId, { host, launchedAtMs: clock.now(), state: "running" });
    this.announce(host, "running");
  }
  /** The state of a host's instance; `undefined` before its launch and an hour after its end. */
  stateOf(host) {
    return this.instances.get(host.instanceId)?.state;
  }
  /** Takes an instance to its next state. */
  enter(host, state) {
    const instance = this.instances.get(host.instanceId);
    if (!instance) throw new Error(`${host.instanceId} was never launched`);
    instance.state = state;
    if (state === "terminated") this.instances.end(host.instanceId);
    this.announce(host, state);
  }
  recommendRebalance(host) {
    this.publish("EC2 Instance Rebalance Recommendation", this.arnOf(host), { "instance-id": host.instanceId });
  }
  /** Two minutes' notice. Its ARN has the zone where others have region and account (docs/spec/aws-events.md §4). */
  warnOfInterruption(host) {
    const arn = `arn:aws:ec2:${host.availabilityZone}:instance/${host.instanceId}`;
    const detail = { "instance-id": host.instanceId, "instance-action": "terminate" };
    this.publish("EC2 Spot Instance Interruption Warning", arn, detail);
  }
  /**
   * What EC2 answers to DescribeInstances, one reservation an instance. Knows the filters `instance-id`
   * and `instance-state-name`, without wildcards.
   *
   * @throws {AwsApiError} for what EC2 refuses: one unknown id fails the whole call, an unknown filter value finds nothing
   */
  describeInstances(input = {}) {
    const request = membersOf("DescribeInstances", input, [
      "Filters",
      "IncludeManagedResources",
      // the simulation has none
      "InstanceIds",
      "MaxResults",
      "NextToken"
    ]);
    const { Filters, InstanceIds, MaxResults, NextToken } = request;
    const narrowed = [Filters, InstanceIds, MaxResults].some((member) => member !== void 0);
    this.meter.spend("DescribeInstances", narrowed ? "describe" : "describe everything");
    const wanted = filterOf(Filters);
    const { items, nextToken } = InstanceIds ? this.named(InstanceIds, MaxResults) : this.instances.page(wanted, limitOf(MaxResults), NextToken, () => badValue("nextToken", NextToken));
    const { account } = this.options;
    return {
      Reservations: items.filter(wanted).map((instance) => ({
        ReservationId: instance.host.reservationId,
        OwnerId: account,
        Instances: [described(instance)]
      })),
      ...nextToken === void 0 ? {} : { NextToken: nextToken }
    };
  }
  named(ids, maxResults) {
    if (maxResults !== void 0) {
      const message = "The parameter instancesSet cannot be used with the parameter maxResults";
      throw new AwsApiError("InvalidParameterCombination", message);
    }
    const asked = Array.isArray(ids) ? ids.map(String) : [];
    const missing = asked.filter((id) => !this.instances.get(id));
    if (missing.length > 0) {
      const message = `The instance IDs '${missing.join(", ")}' do not exist`;
      throw new AwsApiError("InvalidInstanceID.NotFound", message);
    }
    return { items: asked.flatMap((id) => this.instances.get(id) ?? []) };
  }
  announce(host, state) {
    const detail = { "instance-id": host.instanceId, state };
    this.publish("EC2 Instance State-change Notification", this.arnOf(host), detail);
  }
  publish(detailType, resource, detail) {
    this.options.feed.publish("aws.ec2", detailType, resource, detail);
  }
  arnOf(host) {
    const { account, region } = this.options;
    return `arn:aws:ec2:${region}:${account}:instance/${host.instanceId}`;
  }
};
function described({ host, launchedAtMs, state }) {
  const address = state === "terminated" ? void 0 : host.privateIp;
  return {
    InstanceId: host.instanceId,
    ImageId: host.amiId,
    InstanceType: host.instanceType,
    LaunchTime: new Date(Math.floor(launchedAtMs / 1e3) * 1e3),
    State: { Name: state, Code: STATE_CODES[state] },
    ...address ? { PrivateIpAddress: address } : {},
    NetworkInterfaces: address ? [{ MacAddress: host.macAddress, PrivateIpAddress: address }] : [],
    Tags: Object.entries(host.tags).map(([Key, Value]) => ({ Key, Value })),
    Placement: { AvailabilityZone: host.availabilityZone }
  };
}
var FILTERS = {
  "instance-id": ({ host }) => host.instanceId,
  "instance-state-name": ({ state }) => state
};
function filterOf(filters) {
  const tests = (Array.isArray(filters) ? filters : []).map((filter) => {
    const { Name, Values } = Object(filter);
    const value = FILTERS[String(Name)];
    if (!value) throw new Error(`the simulated DescribeInstances does not know the filter ${Name}`);
    return (instance) => Array.isArray(Values) && Values.includes(value(instance));
  });
  return (instance) => tests.every((passes) => passes(instance));
}
function limitOf(maxResults) {
  if (maxResults === void 0) return Infinity;
  const limit = Number(maxResults);
  if (!(limit >= PAGE.least && limit <= PAGE.most)) throw badValue("maxResults", maxResults);
  return limit;
}
function badValue(parameter, value) {
  return new AwsApiError("InvalidParameterValue", `Value ( ${value} ) for parameter ${parameter} is invalid.`);
}

// lib/agent/delays.ts
var DELAYS = {
  register: [1e3, 4e3],
  attach: [3e3, 6e3],
  accept: [100, 600],
  pull: [1e3, 5e3],
  cached: [50, 300],
  start: [200, 800],
  report: [100, 900],
  terminate: [100, 2e3],
  deprovision: [500, 3e3],
  deliver: [200, 1200],
  rebalance: [2e4, 9e4],
  react: [1e3, 6e3],
  disconnect: [500, 3e3],
  shutDown: [1e4, 4e4],
  giveUp: [500, 5e3]
};
var STOP_TIMEOUT_MS = 3e4;
function draw(random, [least, most]) {
  return Math.round(random.between(least, most));
}

// lib/agent/aws/event-feed.ts
var EventFeed = class {
  constructor(options) {
    this.options = options;
  }
  options;
  underWay = /* @__PURE__ */ new Set();
  publish(source, detailType, resource, detail) {
    const { account, clock, duplicates, random, region } = this.options;
    const event = {
      version: "0",
      id: random.uuid(),
      "detail-type": detailType,
      source,
      account,
      time: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
      region,
      resources: [resource],
      detail
    };
    this.send(event);
    if (random.chance(duplicates)) this.send(event);
  }
  /** Resolves when no event is under way. */
  async idle() {
    await Promise.all(this.underWay);
  }
  send(event) {
    const { clock, delay, emit, random, signal } = this.options;
    const arrival = clock.sleep(draw(random, delay), signal).then(() => emit(event));
    const delivery = unlessStopped(arrival, signal);
    this.underWay.add(delivery);
    delivery.finally(() => this.underWay.delete(delivery));
  }
};

// lib/agent/ecs/ecs-time.ts
function ecsTime(atMs) {
  return new Date(atMs).toISOString().replace(/\.?0*Z$/, "Z");
}

// lib/agent/ecs/container-instance.ts
var RESERVED_PORTS = ["22", "2375", "2376", "51678", "51679", "51680"];
var ContainerInstance = class {
  constructor(arn, clusterArn, host, registeredAtMs) {
    this.arn = arn;
    this.clusterArn = clusterArn;
    this.host = host;
    this.registeredAtMs = registeredAtMs;
  }
  arn;
  clusterArn;
  host;
  registeredAtMs;
  tasks = /* @__PURE__ */ new Map();
  pending = /* @__PURE__ */ new Set();
  /** What AWS saw before registration was complete counts too: the first event carries 3. */
  version = 2;
  agentConnected = true;
  status = "ACTIVE";
  /** Whether a task of this size can be placed here now. */
  fits(asked) {
    if (!this.agentConnected || this.host.down) return false;
    const left = this.remaining();
    const free = asked.hostPorts.every((port) => !left.ports.includes(String(port)));
    return left.cpu >= asked.cpu && left.memory >= asked.memory && free;
  }
  get taskCount() {
    return this.tasks.size;
  }
  place(taskArn, reservation) {
    this.tasks.set(taskArn, reservation);
    this.pending.add(taskArn);
  }
  running(taskArn) {
    this.pending.delete(taskArn);
  }
  release(taskArn) {
    this.tasks.delete(taskArn);
    this.pending.delete(taskArn);
  }
  /** ECS has lost its agent. */
  disconnect() {
    this.agentConnected = false;
  }
  /** ECS gives up whatever ran here; a terminated instance leaves the cluster, a stopped one stays a member. */
  abandon(instance) {
    this.tasks.clear();
    this.pending.clear();
    if (instance === "terminated") this.status = "INACTIVE";
  }
  /** The detail of its next state-change event. */
  nextDetail(nowMs) {
    this.version++;
    return {
      ...this.description(),
      registeredAt: ecsTime(this.registeredAtMs),
      updatedAt: ecsTime(nowMs)
    };
  }
  /** As DescribeContainerInstances shows it; the API's times are epoch seconds. */
  describe() {
    return { ...this.description(), registeredAt: this.registeredAtMs / 1e3, tags: [] };
  }
  description() {
    const left = this.remaining();
    return {
      agentConnected: this.agentConnected,
      attachments: [],
      attributes: attributesOf(this.host),
      clusterArn: this.clusterArn,
      containerInstanceArn: this.arn,
      ec2InstanceId: this.host.instanceId,
      registeredResources: resources(this.capacity(), RESERVED_PORTS),
      remainingResources: resources(left, left.ports),
      runningTasksCount: this.tasks.size - this.pending.size,
      pendingTasksCount: this.pending.size,
      status: this.status,
      version: this.version,
      versionInfo: { agentHash: "8dfceca6", agentVersion: "1.105.1", dockerVersion: "DockerVersion: 25.0.14" }
    };
  }
  capacity() {
    return { cpu: this.host.cpus * 1024, memory: Math.floor(this.host.memoryBytes / 1048576 * 0.98) };
  }
  remaining() {
    const taken = [...this.tasks.values()];
    const { cpu, memory } = this.capacity();
    return {
      cpu: cpu - taken.reduce((sum, one) => sum + one.cpu, 0),
      memory: memory - taken.reduce((sum, one) => sum + one.memory, 0),
      ports: [...RESERVED_PORTS, ...taken.flatMap((one) => one.hostPorts.map(String))]
    };
  }
};
function resources({ cpu, memory }, ports2) {
  return [
    { name: "CPU", type: "INTEGER", integerValue: cpu },
    { name: "MEMORY", type: "INTEGER", integerValue: memory },
    { name: "PORTS", type: "STRINGSET", stringSetValue: [...ports2] },
    { name: "PORTS_UDP", type: "STRINGSET", stringSetValue: [] }
  ];
}
function attributesOf(host) {
  return [
    { name: "ecs.ami-id", value: host.amiId },
    { name: "ecs.availability-zone", value: host.availabilityZone },
    { name: "ecs.capability.docker-plugin.local" },
    { name: "ecs.cpu-architecture", value: host.architecture === "aarch64" ? "arm64" : "x86_64" },
    { name: "ecs.instance-type", value: host.instanceType },
    { name: "ecs.os-family", value: "LINUX" },
    { name: "ecs.os-type", value: "linux" },
    { name: "ecs.subnet-id", value: "subnet-0aa11bb22cc33dd44" },
    { name: "ecs.vpc-id", value: "vpc-0123abcd4567ef890" },
    { name: "com.amazonaws.ecs.capability.task-eni" }
  ];
}

// lib/agent/ecs/ecs-api.ts
var MOST = 100;
var RATES2 = {
  "cluster resource read": { burst: 100, perSecond: 20 },
  "cluster read": { burst: 50, perSecond: 20 },
  "task definition read": { burst: 50, perSecond: 20 }
};
var CATEGORIES = {
  DescribeContainerInstances: "cluster resource read",
  DescribeTaskDefinition: "task definition read",
  DescribeTasks: "cluster resource read",
  ListClusters: "cluster read",
  ListTasks: "cluster resource read"
};
var EcsApiError = class extends AwsApiError {
};
var EcsApi = class {
  constructor(cluster) {
    this.cluster = cluster;
    this.meter = new ApiMeter({
      clock: cluster.clock,
      ...cluster.throttling ? { rates: RATES2 } : {},
      refusal: () => new EcsApiError("ThrottlingException", "Rate exceeded")
    });
  }
  cluster;
  meter;
  answer = apiOf("ECS", {
    DescribeContainerInstances: (input) => this.describeContainerInstances(input),
    DescribeTaskDefinition: (input) => this.describeTaskDefinition(input),
    DescribeTasks: (input) => this.describeTasks(input),
    ListClusters: (input) => this.listClusters(input),
    ListTasks: (input) => this.listTasks(input)
  });
  listClusters(input) {
    const { maxResults, nextToken } = this.read("ListClusters", input, ["maxResults", "nextToken"]);
    limitOf2(maxResults);
    if (nextToken !== void 0) throw invalidToken();
    return { clusterArns: [this.cluster.arn] };
  }
  /** Those that are to run unless `desiredStatus` is STOPPED; of the stopped ones the last hour's. */
  listTasks(input) {
    const known = ["cluster", "containerInstance", "desiredStatus", "maxResults", "nextToken"];
    const request = this.read("ListTasks", input, known);
    const { containerInstance, desiredStatus = "RUNNING", maxResults, nextToken } = request;
    this.requireCluster(request.cluster);
    if (!["RUNNING", "PENDING", "STOPPED"].includes(String(desiredStatus))) {
      throw invalid2("desiredStatus must be RUNNING, PENDING or STOPPED.");
    }
    const host = containerInstance === void 0 ? void 0 : this.arnOf("container-instance", containerInstance);
    const wanted = ({ task, detail }) => detail.desiredStatus === desiredStatus && (host === void 0 || task.instance.arn === host);
    const { items, ...more } = this.cluster.tasks.page(wanted, limitOf2(maxResults), nextToken, invalidToken);
    return { taskArns: items.map(({ task }) => task.arn), ...more };
  }
  /** At most 100 ids or ARNs; what is not there is a failure of reason MISSING in an answer that succeeds. */
  describeTasks(input) {
    const { cluster, tasks } = this.read("DescribeTasks", input, ["cluster", "include", "tasks"]);
    this.requireCluster(cluster);
    const [found2, failures] = this.lookUp("task", idsOf("Tasks", tasks), this.cluster.tasks);
    return { tasks: found2.map((task) => task.describe()), failures };
  }
  /** As {@link describeTasks}. */
  describeContainerInstances(input) {
    const known = ["cluster", "containerInstances", "include"];
    const { cluster, containerInstances } = this.read("DescribeContainerInstances", input, known);
    this.requireCluster(cluster);
    const ids = idsOf("Container instance ids", containerInstances);
    const [found2, failures] = this.lookUp("container-instance", ids, this.cluster.instances);
    return { containerInstances: found2.map((instance) => instance.describe()), failures };
  }
  /** By ARN or `family:revision`. */
  describeTaskDefinition(input) {
    const { taskDefinition: taskDefinition2 } = this.read("DescribeTaskDefinition", input, ["include", "taskDefinition"]);
    const arn = String(taskDefinition2 ?? "").startsWith("arn:") ? String(taskDefinition2) : this.cluster.arn.replace(/:cluster\/.*/, `:task-definition/${taskDefinition2}`);
    const definition = this.cluster.definitions.get(arn);
    if (!definition) throw new EcsApiError("ClientException", "Unable to describe task definition.");
    const { containers: containers2, family, revision = 1 } = definition;
    const containerDefinitions = containers2.map(({ name, image, essential = true }) => ({ name, image, essential }));
    return { taskDefinition: { taskDefinitionArn: arn, family, revision, containerDefinitions } };
  }
  read(operation, input, known) {
    this.meter.spend(operation, CATEGORIES[operation]);
    return membersOf(operation, input, known);
  }
  requireCluster(asked = "default") {
    if (asked !== this.cluster.name && asked !== this.cluster.arn) {
      throw new EcsApiError("ClusterNotFoundException", "Cluster not found.");
    }
  }
  lookUp(kind, ids, among) {
    const found2 = [];
    const failures = [];
    for (const id of ids) {
      const arn = this.arnOf(kind, id);
      const one = among.get(arn);
      if (one) found2.push(one);
      else failures.push({ arn, reason: "MISSING" });
    }
    return [found2, failures];
  }
  arnOf(kind, id) {
    const name = String(id);
    return name.startsWith("arn:") ? name : `${this.cluster.arn.replace(":cluster/", `:${kind}/`)}/${name}`;
  }
};
function idsOf(what, ids) {
  if (!Array.isArray(ids) || ids.length === 0) throw invalid2(`${what} must be specified.`);
  if (ids.length > MOST) throw invalid2(`${what} can have at most ${MOST} items.`);
  return ids.map(String);
}
function limitOf2(maxResults = MOST) {
  const limit = Number(maxResults);
  if (!(limit >= 1 && limit <= MOST)) throw invalid2(`maxResults must be between 1 and ${MOST}.`);
  return limit;
}
function invalidToken() {
  return invalid2("Invalid token");
}
function invalid2(message) {
  return new EcsApiError("InvalidParameterException", message);
}

// lib/agent/ecs/host-end.ts
var SPOT_NOTICE_MS = 12e4;
async function endHost(host, how, context) {
  await foretell(host, how, context);
  const { clock, delays, ec2, random, signal } = context;
  const stops = how.hook?.destination === "WarmPool";
  const end = stops ? "stopped" : "terminated";
  const disconnectMs = draw(random, delays.disconnect);
  const shutDownMs = Math.max(disconnectMs, draw(random, delays.shutDown));
  const giveUpMs = draw(random, delays.giveUp);
  ec2.enter(host, stops ? "stopping" : "shutting-down");
  host.powerOff();
  const cause = { code: "TerminationNotice", reason: `Host EC2 (instance ${host.instanceId}) ${end}.` };
  context.loseTasks(host, cause, shutDownMs + giveUpMs);
  await clock.sleep(disconnectMs, signal);
  context.disconnect(host);
  await clock.sleep(shutDownMs - disconnectMs, signal);
  ec2.enter(host, end);
  await clock.sleep(giveUpMs, signal);
  context.abandon(host, end);
}
async function foretell(host, { rebalance, spot, hook }, context) {
  const { autoScaling, clock, delays, ec2, random, signal } = context;
  if (rebalance) {
    ec2.recommendRebalance(host);
    await clock.sleep(draw(random, delays.rebalance), signal);
  }
  if (!spot) return hook && autoScaling.hold(host, hook);
  const reclaimAtMs = clock.now() + SPOT_NOTICE_MS;
  ec2.warnOfInterruption(host);
  if (!hook) return clock.sleep(SPOT_NOTICE_MS, signal);
  await clock.sleep(draw(random, delays.react), signal);
  await autoScaling.hold(host, hook, reclaimAtMs);
}

// lib/agent/ecs/task.ts
var MOMENTS = ["pullStarted", "pullStopped", "started", "stopping", "executionStopped", "stopped"];
var Task = class {
  constructor(id, arn, clusterArn, definitionArn, request, instance, containers2, createdAtMs) {
    this.id = id;
    this.arn = arn;
    this.clusterArn = clusterArn;
    this.definitionArn = definitionArn;
    this.request = request;
    this.instance = instance;
    this.containers = containers2;
    this.createdAtMs = createdAtMs;
  }
  id;
  arn;
  clusterArn;
  definitionArn;
  request;
  instance;
  containers;
  createdAtMs;
  lastStatus = "PENDING";
  desiredStatus = "RUNNING";
  stopCode;
  stoppedReason;
  eni;
  /** In epoch milliseconds. */
  moments = {};
  get host() {
    return this.instance.host;
  }
  get reservation() {
    return reservationOf(this.request);
  }
};
function sizeOf({ cpu = 64, memory = 64 }) {
  return { cpu, memory };
}
function reservationOf({ containers: containers2, networkMode }) {
  const sizes = containers2.map(sizeOf);
  return {
    cpu: sizes.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: sizes.reduce((sum, { memory }) => sum + memory, 0),
    hostPorts: networkMode === "awsvpc" ? [] : containers2.flatMap(({ ports: ports2 = [] }) => ports2.flatMap(hostPortOf))
  };
}
function hostPortOf({ hostPort }) {
  return hostPort ? [hostPort] : [];
}

// lib/agent/ecs/task-handle.ts
var TaskHandle = class {
  /** @param done resolves when the task is STOPPED, or when the simulation ends */
  constructor(task, life, done) {
    this.task = task;
    this.life = life;
    this.done = done;
  }
  task;
  life;
  done;
  get arn() {
    return this.task.arn;
  }
  /** 32 hexadecimal digits. */
  get id() {
    return this.task.id;
  }
  get family() {
    return this.task.request.family;
  }
  get host() {
    return this.task.host;
  }
  get lastStatus() {
    return this.task.lastStatus;
  }
  get desiredStatus() {
    return this.task.desiredStatus;
  }
  /** Each with its Docker id and true start and end, as far as they have come. */
  get containers() {
    return this.task.containers;
  }
  /** Stops the task, as a user's StopTask does unless `code` says otherwise. */
  stop(reason = "Task stopped by user", code = "UserInitiated") {
    this.life.stop({ code, reason });
  }
};

// lib/agent/ecs/container-specs.ts
function specOf(task, { definition }, random) {
  const { command = ["/bin/sh", "-c", "sleep infinity"], ports: ports2, mounts: mounts2, connections, children } = definition;
  const network = task.request.networkMode === "host" ? "host" : "bridge";
  return {
    name: dockerName(task, definition.name.replace(/[^A-Za-z0-9-]/g, ""), random),
    image: definition.image,
    command,
    labels: labelsOf(task, definition.name),
    env: { ...definition.environment, AWS_EXECUTION_ENV: "AWS_ECS_EC2" },
    network,
    ...ports2 ? { ports: ports2 } : {},
    ...mounts2 ? { mounts: mounts2 } : {},
    ...connections ? { connections } : {},
    ...children ? { children } : {}
  };
}
function pauseSpec(task, random) {
  return {
    name: dockerName(task, "internalecspause", random),
    image: "amazon/amazon-ecs-pause:0.1.0",
    command: ["/pause"],
    labels: labelsOf(task, "~internal~ecs~pause"),
    network: "none"
  };
}
function dockerName({ request }, container, random) {
  return `ecs-${request.family}-${request.revision ?? 1}-${container}-${random.hex(20)}`;
}
function labelsOf(task, containerName) {
  return {
    "com.amazonaws.ecs.cluster": task.clusterArn.split("/").at(-1) ?? "",
    "com.amazonaws.ecs.container-name": containerName,
    "com.amazonaws.ecs.task-arn": task.arn,
    "com.amazonaws.ecs.task-definition-family": task.request.family,
    "com.amazonaws.ecs.task-definition-version": String(task.request.revision ?? 1)
  };
}

// lib/agent/ecs/task-life.ts
var TaskLife = class {
  constructor(task, context) {
    this.task = task;
    this.context = context;
    this.asked.catch(() => {
    });
  }
  task;
  context;
  cause;
  /** Ends every wait of this life: with the simulation, with the host, or when the task is STOPPED. */
  over = stopper();
  /** How ECS comes to know that the host has gone, once it has. */
  lost;
  wake = () => {
  };
  fail = () => {
  };
  /** Resolves when something wants the task to end; rejects when its simulation ends or breaks. */
  asked = new Promise((resolve, reject) => {
    this.wake = resolve;
    this.fail = reject;
  });
  /** Asks for the end, as StopTask or a service's scheduler does. Only the first cause counts. */
  stop(cause) {
    this.cause ??= cause;
    this.wake();
  }
  /**
   * The task's host is off: what ran there is over, and nobody is left to report it.
   *
   * @param afterMs when ECS gives the task up by itself, in milliseconds from now
   */
  lose(cause, afterMs) {
    this.lost = { cause, afterMs };
    for (const container of this.task.containers) {
      if (container.runtimeId) container.stoppedAtMs ??= this.context.clock.now();
    }
    this.cut();
  }
  /** Runs the task from its acceptance to STOPPED. @throws {Stopped} when the simulation ends first */
  async run() {
    const { signal } = this.context;
    const cut3 = () => this.cut();
    signal.addEventListener("abort", cut3);
    try {
      await this.live();
    } catch (error) {
      if (!(error instanceof Stopped && this.lost)) throw error;
      await this.giveUp(this.lost);
    } finally {
      signal.removeEventListener("abort", cut3);
      this.over.abort();
    }
  }
  cut() {
    this.over.abort();
    this.fail(new Stopped());
  }
  async live() {
    await this.provision();
    await this.wait("accept");
    await this.pull();
    if (!this.cause) await this.start();
    await this.asked;
    await this.windDown();
  }
  /** ECS stops the task with what it has heard of it: containers keep their last status, and have no exit code. */
  async giveUp({ cause, afterMs }) {
    const { task, context } = this;
    await context.clock.sleep(afterMs, context.signal);
    task.desiredStatus = "STOPPED";
    task.lastStatus = "STOPPED";
    task.stopCode ??= cause.code;
    task.stoppedReason ??= cause.reason;
    task.moments.stopping ??= context.clock.now();
    task.moments.stopped = context.clock.now();
    if (task.eni) task.eni.status = "DELETED";
    context.announce(task);
  }
  async provision() {
    const { task, context } = this;
    if (task.eni) {
      context.announce(task);
      await this.wait("attach");
      task.eni.status = "ATTACHED";
      task.lastStatus = "PENDING";
    }
    context.announce(task);
  }
  async pull() {
    const { task, context } = this;
    task.moments.pullStarted = context.clock.now();
    for (const container of task.containers) {
      const { image, pullFails } = container.definition;
      await this.wait(task.host.hasImage(image) ? "cached" : "pull");
      if (pullFails) {
        container.reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${image}: not found`;
        for (const one of task.containers) one.status = "STOPPED";
        return this.stop({ code: "TaskFailedToStart", reason: container.reason });
      }
      container.imageDigest = `sha256:${task.host.pullImage(image)}`;
    }
    task.moments.pullStopped = context.clock.now();
    context.announce(task);
  }
  async start() {
    const { task, context } = this;
    if (task.eni) task.host.startContainer(pauseSpec(task, context.random));
    for (const container of task.containers) {
      await this.wait("start");
      container.runtimeId = task.host.startContainer(specOf(task, container, context.random)).id;
      container.startedAtMs = context.clock.now();
      this.liveOut(container).catch(this.fail);
    }
    this.reportRunning().catch(this.fail);
  }
  /** The agent reports RUNNING a little after the last start; a task that is over by then never shows it. */
  async reportRunning() {
    const { task, context } = this;
    await this.wait("report");
    if (this.cause || task.containers.every(({ stoppedAtMs }) => stoppedAtMs !== void 0)) return;
    for (const container of task.containers) {
      container.status = container.stoppedAtMs === void 0 ? "RUNNING" : "STOPPED";
    }
    task.lastStatus = "RUNNING";
    task.moments.started = context.clock.now();
    context.announce(task);
    context.announceInstance(task);
  }
  async liveOut(container) {
    const { lifetimeMs, exitCode = 0, essential = true } = container.definition;
    if (lifetimeMs === null) return;
    await this.context.clock.sleep(lifetimeMs, this.over.signal);
    this.end(container, exitCode);
    if (!essential) return;
    await this.wait("report");
    this.stop({ code: "EssentialContainerExited", reason: "Essential container in task exited" });
  }
  end(container, exitCode) {
    if (!container.runtimeId || container.stoppedAtMs !== void 0) return;
    this.task.host.stopContainer(container.runtimeId, exitCode);
    container.stoppedAtMs = this.context.clock.now();
    container.exitCode = exitCode;
  }
  /** Desired STOPPED, SIGTERM, DEPROVISIONING, STOPPED. */
  async windDown() {
    const { task, context } = this;
    task.desiredStatus = "STOPPED";
    task.stopCode = this.cause?.code;
    task.stoppedReason = this.cause?.reason;
    task.moments.stopping = context.clock.now();
    this.reportStopped();
    context.announce(task);
    await Promise.all(task.containers.map((container) => this.terminate(container)));
    const ends = task.containers.flatMap(({ stoppedAtMs }) => stoppedAtMs ?? []);
    if (ends.length > 0) task.moments.executionStopped = Math.max(...ends);
    await this.wait("report");
    this.reportStopped();
    task.lastStatus = "DEPROVISIONING";
    if (task.eni) task.eni.status = "DETACHING";
    context.announce(task);
    this.stopPause();
    await this.wait("deprovision");
    task.lastStatus = "STOPPED";
    if (task.eni) task.eni.status = "DELETED";
    task.moments.stopped = context.clock.now();
    context.announce(task);
    context.announceInstance(task);
  }
  async terminate(container) {
    if (!container.runtimeId || container.stoppedAtMs !== void 0) return;
    const { ignoresSigterm = false } = container.definition;
    if (ignoresSigterm) await this.context.clock.sleep(STOP_TIMEOUT_MS, this.over.signal);
    else await this.wait("terminate");
    this.end(container, ignoresSigterm ? 137 : 143);
  }
  /** ECS learns which containers have ended, and that those which never started never will. */
  reportStopped() {
    for (const container of this.task.containers) {
      if (container.stoppedAtMs !== void 0 || !container.runtimeId) container.status = "STOPPED";
    }
  }
  stopPause() {
    const { host, arn } = this.task;
    for (const { id, spec } of host.running()) {
      if (spec.labels?.["com.amazonaws.ecs.task-arn"] === arn) host.stopContainer(id, 137);
    }
  }
  async wait(step) {
    const { clock, delays, random } = this.context;
    await clock.sleep(draw(random, delays[step]), this.over.signal);
  }
};

// lib/agent/ecs/task-record.ts
var TaskRecord = class {
  constructor(task) {
    this.task = task;
  }
  task;
  version = 0;
  known;
  /** To be accepted is the first change: before any event the version is 1. */
  get detail() {
    return this.known ?? detailOf(this.task, 1, this.task.createdAtMs);
  }
  /**
   * ECS learns of the task's state as it is now.
   *
   * @param changes how many led to it: all but the last one never show, neither in an event nor in an answer
   */
  change(nowMs, changes = 1) {
    this.version += changes;
    this.known = detailOf(this.task, this.version, nowMs);
    return this.known;
  }
  /** As DescribeTasks shows it: instants as Dates, and here and there other members than an event has. */
  describe() {
    const { updatedAt, ...detail } = this.detail;
    const instants = Object.entries(detail).filter(([name]) => name.endsWith("At"));
    return {
      ...detail,
      ...Object.fromEntries(instants.map(([name, text2]) => [name, new Date(String(text2))])),
      attachments: this.detail.attachments.map((one) => ({ ...one, type: "ElasticNetworkInterface" })),
      containers: this.detail.containers.map((one) => ({ ...one, healthStatus: "UNKNOWN" })),
      healthStatus: "UNKNOWN",
      inferenceAccelerators: [],
      overrides: { ...this.detail.overrides, inferenceAcceleratorOverrides: [] },
      tags: []
    };
  }
};
function detailOf(task, version2, nowMs) {
  const { instance, request } = task;
  const { cpu, memory } = task.reservation;
  const moments = MOMENTS.flatMap((moment) => {
    const atMs = task.moments[moment];
    return atMs === void 0 ? [] : [[`${moment}At`, ecsTime(atMs)]];
  });
  return {
    attachments: attachmentsOf(task),
    attributes: [
      { name: "ecs.cpu-architecture", value: instance.host.architecture === "aarch64" ? "arm64" : "x86_64" }
    ],
    availabilityZone: instance.host.availabilityZone,
    clusterArn: task.clusterArn,
    connectivity: "CONNECTED",
    connectivityAt: ecsTime(task.createdAtMs),
    containerInstanceArn: instance.arn,
    containers: task.containers.map((container) => containerDetail(task, container)),
    cpu: String(cpu),
    createdAt: ecsTime(task.createdAtMs),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: false,
    group: request.group ?? `family:${request.family}`,
    launchType: "EC2",
    lastStatus: task.lastStatus,
    memory: String(memory),
    overrides: { containerOverrides: request.containers.map(({ name }) => ({ name })) },
    ...Object.fromEntries(moments),
    ...request.startedBy ? { startedBy: request.startedBy } : {},
    ...task.stoppedReason ? { stoppedReason: task.stoppedReason } : {},
    ...task.stopCode ? { stopCode: task.stopCode } : {},
    taskArn: task.arn,
    taskDefinitionArn: task.definitionArn,
    updatedAt: ecsTime(nowMs),
    version: version2
  };
}
function containerDetail({ arn, eni, request }, container) {
  const { definition } = container;
  const { cpu, memory } = sizeOf(definition);
  const attached = eni && eni.status !== "PRECREATED" ? eni : void 0;
  const runtimeId = container.status === "PENDING" ? void 0 : container.runtimeId;
  const exitCode = container.status === "STOPPED" ? container.exitCode : void 0;
  const bridged = request.networkMode !== "awsvpc" && runtimeId !== void 0;
  return {
    containerArn: container.arn,
    ...exitCode === void 0 ? {} : { exitCode },
    lastStatus: container.status,
    name: definition.name,
    image: definition.image,
    ...container.imageDigest ? { imageDigest: container.imageDigest } : {},
    ...runtimeId ? { runtimeId } : {},
    ...container.reason ? { reason: container.reason } : {},
    taskArn: arn,
    networkInterfaces: attached ? [{ attachmentId: attached.id, privateIpv4Address: attached.address }] : [],
    ...bridged ? { networkBindings: bindingsOf(definition) } : {},
    cpu: String(cpu),
    memory: String(memory)
  };
}
function attachmentsOf({ eni }) {
  if (!eni) return [];
  const { id, status, address, mac: mac3, networkInterfaceId } = eni;
  const subnet = { name: "subnetId", value: "subnet-0aa11bb22cc33dd44" };
  const details2 = status === "PRECREATED" ? [subnet] : [
    subnet,
    { name: "networkInterfaceId", value: networkInterfaceId },
    { name: "macAddress", value: mac3 },
    { name: "privateDnsName", value: `ip-${address.replaceAll(".", "-")}.ec2.internal` },
    { name: "privateIPv4Address", value: address }
  ];
  return [{ id, type: "eni", status, details: details2 }];
}
function bindingsOf({ ports: ports2 = [] }) {
  return ports2.map(({ containerPort, hostPort, protocol = "tcp" }) => ({
    bindIP: "0.0.0.0",
    containerPort,
    hostPort: hostPort ?? containerPort,
    protocol
  }));
}

// lib/agent/ecs/cluster.ts
var COALESCED = 0.05;
var ECS_AGENT = {
  name: "ecs-agent",
  image: "amazon/amazon-ecs-agent:latest",
  command: ["/agent"],
  network: "host"
};
var SimulatedCluster = class {
  arn;
  name;
  ec2;
  autoScaling;
  options;
  account;
  region;
  ids;
  delays;
  end = stopper();
  feed;
  ecs;
  instances;
  records;
  definitions = /* @__PURE__ */ new Map();
  lives = /* @__PURE__ */ new Map();
  ends = /* @__PURE__ */ new Map();
  constructor(options) {
    const { account = "111122223333", clock, region = "us-east-1", random, throttling = false } = options;
    this.options = options;
    this.name = options.name ?? "mayfly";
    this.account = account;
    this.region = region;
    this.arn = this.arnOf("cluster", this.name);
    this.ids = random.fork("ids");
    this.delays = { ...DELAYS, ...options.delays };
    this.instances = new Registry(clock);
    this.records = new Registry(clock);
    const { definitions, end, instances, name, arn, records: tasks } = this;
    this.ecs = new EcsApi({ name, arn, clock, instances, tasks, definitions, throttling });
    const aws = { account, region, clock, signal: end.signal };
    const { emit, duplicates = 0 } = options;
    this.feed = new EventFeed({ ...aws, random: this.ids, emit, delay: this.delays.deliver, duplicates });
    this.ec2 = new SimulatedEc2({ ...aws, feed: this.feed, throttling });
    this.autoScaling = new SimulatedAutoScaling({ ...aws, random: random.fork("auto scaling"), feed: this.feed });
  }
  /** The tasks that are not STOPPED yet, oldest first. */
  get tasks() {
    return [...this.lives.keys()];
  }
  /** Announces each host as a running instance and then as a member of the cluster; resolves when all are. */
  async registerHosts() {
    await Promise.all(this.options.hosts.map((host) => this.registerHost(host)));
  }
  /** Adds one host: its launch, then its registration, unless it ends before that. */
  async registerHost(host) {
    const { clock, random } = this.options;
    this.ec2.launch(host);
    await clock.sleep(draw(random.fork(`register ${host.instanceId}`), this.delays.register), this.end.signal);
    if (host.down) return;
    host.startContainer(ECS_AGENT);
    const arn = this.arnOf("container-instance", `${this.name}/${this.ids.hex(32)}`);
    const instance = new ContainerInstance(arn, this.arn, host, clock.now());
    this.instances.add(arn, instance);
    this.announceInstance(instance);
  }
  /**
   * Ends a host: the warnings asked for, the wait at its hook, then `shutting-down`, `terminated` and the
   * end of its tasks. Resolves when ECS has given the host up too.
   *
   * @throws if the host was never launched or is ending already
   */
  async terminateHost(host, how = {}) {
    const { clock, random } = this.options;
    if (this.ends.has(host)) throw new Error(`${host.instanceId} is ending already`);
    if (!this.ec2.stateOf(host)) throw new Error(`${host.instanceId} was never launched`);
    const end = endHost(host, how, {
      ec2: this.ec2,
      autoScaling: this.autoScaling,
      clock,
      random: random.fork(`end of ${host.instanceId}`),
      delays: this.delays,
      signal: this.end.signal,
      loseTasks: (_, cause, afterMs) => {
        for (const [handle, life] of this.lives) if (handle.host === host) life.lose(cause, afterMs);
      },
      disconnect: () => this.changeInstance(host, (instance) => instance.disconnect()),
      abandon: (_, state) => this.changeInstance(host, (instance) => {
        instance.abandon(state);
        if (state === "terminated") this.instances.end(instance.arn);
      })
    });
    this.ends.set(host, unlessStopped(end, this.end.signal));
    await this.ends.get(host);
  }
  /** The container-instance ARN of a registered host. */
  instanceArnOf(host) {
    return this.instances.values().find((instance) => instance.host === host)?.arn;
  }
  /** Starts a task. @throws if no registered host has room, as RunTask fails with `RESOURCE:…` */
  runTask(request) {
    const { clock, onTask, random } = this.options;
    const instance = this.placementOf(request);
    const id = this.ids.hex(32);
    const task = this.newTask(id, request, instance);
    const record2 = new TaskRecord(task);
    this.records.add(task.arn, record2);
    this.definitions.set(task.definitionArn, request);
    instance.place(task.arn, task.reservation);
    const life = new TaskLife(task, {
      clock,
      random: random.fork(`task ${id}`),
      delays: { ...this.delays, ...request.delays },
      signal: this.end.signal,
      announce: () => {
        onTask?.(handle);
        const folded = this.ids.chance(COALESCED) ? 1 : 0;
        const detail = record2.change(clock.now(), 1 + folded);
        if (task.lastStatus === "STOPPED") this.records.end(task.arn);
        this.feed.publish("aws.ecs", "ECS Task State Change", task.arn, detail);
      },
      announceInstance: () => {
        if (task.lastStatus === "STOPPED") instance.release(task.arn);
        else instance.running(task.arn);
        this.announceInstance(instance);
      }
    });
    this.announceInstance(instance);
    const done = unlessStopped(
      Promise.resolve().then(() => life.run()),
      // not before there is a handle
      this.end.signal
    );
    const handle = new TaskHandle(task, life, done);
    this.lives.set(handle, life);
    done.finally(() => this.lives.delete(handle));
    return handle;
  }
  /** Answers the APIs of its AWS account, by service. */
  get aws() {
    return { ecs: this.api, ec2: this.ec2.api, autoScaling: this.autoScaling.api };
  }
  /** Answers the ECS operations below; any other is an error that names it. */
  api = (operation, input) => this.ecs.answer(operation, input);
  /** How often each operation of the ECS API was called, refused calls included. */
  get calls() {
    return this.ecs.meter.calls;
  }
  /** Refuses the next `times` calls of an ECS operation with `ThrottlingException`. */
  throttleNext(operation, times = 1) {
    this.ecs.meter.throttleNext(operation, times);
  }
  listClusters(input = {}) {
    return this.ecs.listClusters(input);
  }
  listTasks(input) {
    return this.ecs.listTasks(input);
  }
  describeTasks(input) {
    return this.ecs.describeTasks(input);
  }
  describeTaskDefinition(input) {
    return this.ecs.describeTaskDefinition(input);
  }
  describeContainerInstances(input) {
    return this.ecs.describeContainerInstances(input);
  }
  /** Ends the simulation: no task moves on and no event arrives any more. Resolves when all is quiet. */
  async stop() {
    this.end.abort();
    await Promise.all([this.feed.idle(), ...this.ends.values(), ...this.tasks.map(({ done }) => done)]);
  }
  newTask(id, request, instance) {
    const arn = this.arnOf("task", `${this.name}/${id}`);
    const containers2 = request.containers.map((definition) => ({
      definition,
      arn: this.arnOf("container", `${this.name}/${id}/${this.ids.uuid()}`),
      status: "PENDING"
    }));
    const definitionArn = this.arnOf("task-definition", `${request.family}:${request.revision ?? 1}`);
    const task = new Task(id, arn, this.arn, definitionArn, request, instance, containers2, this.options.clock.now());
    if (request.networkMode === "awsvpc") {
      task.lastStatus = "PROVISIONING";
      task.eni = {
        id: this.ids.uuid(),
        status: "PRECREATED",
        address: `10.0.${this.ids.integer(64, 127)}.${this.ids.integer(4, 250)}`,
        mac: `0a:${(this.ids.hex(10).match(/../g) ?? []).join(":")}`,
        networkInterfaceId: `eni-0${this.ids.hex(16)}`
      };
    }
    return task;
  }
  placementOf(request) {
    const size = reservationOf(request);
    const candidates = this.instances.values().filter(({ host }) => !request.host || host === request.host).filter((instance) => instance.fits(size)).sort((a, b) => a.taskCount - b.taskCount);
    const [chosen] = candidates;
    if (!chosen) throw new Error(`RESOURCE: no registered host has room for a task of ${request.family}`);
    return chosen;
  }
  changeInstance(host, change) {
    const instance = this.instances.values().find((one) => one.host === host);
    if (!instance) return;
    change(instance);
    this.announceInstance(instance);
  }
  announceInstance(instance) {
    const detail = instance.nextDetail(this.options.clock.now());
    this.feed.publish("aws.ecs", "ECS Container Instance State Change", instance.arn, detail);
  }
  arnOf(kind, name) {
    return `arn:aws:ecs:${this.region}:${this.account}:${kind}/${name}`;
  }
};

// lib/agent/host/sql-functions.ts
import { createHash } from "node:crypto";
var digest = (algorithm) => ({
  arity: 1,
  run: (_, value) => value === null ? null : createHash(algorithm).update(String(value)).digest("hex")
});
var FUNCTIONS = {
  md5: digest("md5"),
  sha1: digest("sha1"),
  sha256: digest("sha256"),
  /** split(text, tokens, index): the piece at `index` of `text` cut at any of the characters `tokens`. */
  split: {
    arity: 3,
    run: (_, text2, tokens, index) => {
      if (text2 === null || tokens === null) return null;
      const pieces = [""];
      for (const char of text2) {
        if (tokens.includes(char)) pieces.push("");
        else pieces[pieces.length - 1] += char;
      }
      return pieces.filter((piece) => piece !== "")[index] ?? null;
    }
  },
  /** regex_match(text, pattern, group) */
  regex_match: {
    arity: 3,
    run: (_, text2, pattern, group) => text2 === null || pattern === null ? null : new RegExp(pattern).exec(text2)?.[group] ?? null
  }
};

// lib/agent/host/sqlite.ts
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
var sqlite = await sqlite3InitModule({ print: () => {
}, printErr: () => {
} });

// lib/agent/host/virtual-tables.ts
var { capi, wasm, vtab } = sqlite;
var FULL_SCAN_COST = 1e6;
function installTables(db, tables, stateOf) {
  const byName2 = new Map(tables.map((table2) => [table2.name, table2]));
  const byVtab = /* @__PURE__ */ new Map();
  const cursors = /* @__PURE__ */ new Map();
  const tableOf = (pointer) => found(byVtab.get(pointer));
  const cursorOf = (pointer) => found(cursors.get(pointer));
  const methods = {
    xConnect(database, _aux, _argc, argv, out) {
      const table2 = found(byName2.get(wasm.cstrToJs(wasm.peekPtr(argv))));
      const result = capi.sqlite3_declare_vtab(database, declaration(table2.columns));
      if (result === capi.SQLITE_OK) byVtab.set(vtab.xVtab.create(out).pointer, table2);
      return result;
    },
    xDisconnect(pointer) {
      byVtab.delete(pointer);
      vtab.xVtab.dispose(pointer);
      return capi.SQLITE_OK;
    },
    xBestIndex(pointer, infoPointer) {
      const { columns: columns2 } = tableOf(pointer);
      const info2 = vtab.xIndexInfo(infoPointer);
      const planned = [];
      for (let i = 0; i < info2.$nConstraint; i++) {
        const constraint = info2.nthConstraint(i);
        const column = columns2[constraint.$iColumn];
        if (!constraint.$usable || !column?.index) continue;
        planned.push(`${constraint.$iColumn}:${constraint.$op}`);
        info2.nthConstraintUsage(i).$argvIndex = planned.length;
      }
      info2.$estimatedCost = planned.length > 0 ? 1 : FULL_SCAN_COST;
      info2.$idxStr = wasm.allocCString(planned.join(" "));
      info2.$needToFreeIdxStr = 1;
      info2.dispose();
      return capi.SQLITE_OK;
    },
    xOpen(pointer, out) {
      const cursor = vtab.xCursor.create(out);
      cursors.set(cursor.pointer, { table: tableOf(pointer), vtab: pointer, rows: [], position: 0 });
      return capi.SQLITE_OK;
    },
    xClose(pointer) {
      cursors.delete(pointer);
      vtab.xCursor.dispose(pointer);
      return capi.SQLITE_OK;
    },
    xFilter(pointer, _index, text2, argc, argv) {
      const cursor = cursorOf(pointer);
      const { name, columns: columns2 } = cursor.table;
      const planned = readPlan(wasm.cstrToJs(text2), columns2);
      if (columns2.some((column) => column.required && !planned.some((one) => one.column === column.name))) {
        setError(cursor.vtab, `Table ${name} was queried without a required column in the WHERE clause`);
        return capi.SQLITE_CONSTRAINT;
      }
      cursor.rows = [...cursor.table.rows(stateOf(), constraintsOf(planned, argc, argv))];
      cursor.position = 0;
      return capi.SQLITE_OK;
    },
    xNext(pointer) {
      cursorOf(pointer).position++;
      return capi.SQLITE_OK;
    },
    xEof(pointer) {
      const cursor = cursorOf(pointer);
      return cursor.position >= cursor.rows.length ? 1 : 0;
    },
    xColumn(pointer, context, index) {
      const { table: table2, rows, position } = cursorOf(pointer);
      const column = found(table2.columns[index]);
      const value = rows[position]?.[column.name] ?? null;
      if (column.type === "DOUBLE" && typeof value === "number") capi.sqlite3_result_double(context, value);
      else capi.sqlite3_result_js(context, value);
      return capi.SQLITE_OK;
    },
    xRowid(pointer, out) {
      vtab.xRowid(out, cursorOf(pointer).position);
      return capi.SQLITE_OK;
    }
  };
  const module = vtab.setupModule({ methods, catchExceptions: true });
  for (const name of byName2.keys()) capi.sqlite3_create_module(db, name, module.pointer, 0);
}
function declaration(columns2) {
  return `CREATE TABLE x(${columns2.map((one) => `"${one.name}" ${one.type}${one.hidden ? " HIDDEN" : ""}`).join(", ")})`;
}
function readPlan(text2, columns2) {
  if (text2 === "") return [];
  return text2.split(" ").map((word) => {
    const [index, operator] = word.split(":").map(Number);
    return { column: found(columns2[index ?? -1]).name, equality: operator === capi.SQLITE_INDEX_CONSTRAINT_EQ };
  });
}
function constraintsOf(planned, argc, argv) {
  const equalities = /* @__PURE__ */ new Map();
  for (let i = 0; i < argc; i++) {
    const one = planned[i];
    if (!one?.equality) continue;
    const value = capi.sqlite3_value_text(wasm.peekPtr(argv + 4 * i));
    if (value) equalities.set(one.column, [...equalities.get(one.column) ?? [], value]);
  }
  return { equals: (column) => equalities.get(column) };
}
function setError(pointer, message) {
  const field = pointer + capi.sqlite3_vtab.structInfo.members.zErrMsg.offset;
  const previous = wasm.peekPtr(field);
  if (previous) wasm.dealloc(previous);
  wasm.pokePtr(field, wasm.allocCString(message));
}
function found(value) {
  if (value === void 0) throw new Error("SQLite asked for a table or cursor that does not exist");
  return value;
}

// lib/agent/host/sql-engine.ts
var { capi: capi2, wasm: wasm2 } = sqlite;
var ALLOWED_ACTIONS = /* @__PURE__ */ new Set([
  capi2.SQLITE_SELECT,
  capi2.SQLITE_READ,
  capi2.SQLITE_FUNCTION,
  capi2.SQLITE_RECURSIVE
]);
var SqlEngine = class {
  constructor(tables) {
    this.tables = tables;
    const database = new sqlite.oo1.DB(":memory:");
    this.db = database.pointer;
    for (const [name, { arity, run }] of Object.entries(FUNCTIONS)) {
      database.createFunction({ name, arity, deterministic: true, xFunc: run });
    }
    installTables(this.db, tables, () => {
      if (this.state === void 0) throw new Error("a table was read outside a query");
      return this.state;
    });
    capi2.sqlite3_set_authorizer(this.db, (_, action) => ALLOWED_ACTIONS.has(action) ? 0 : capi2.SQLITE_DENY, 0);
  }
  tables;
  db;
  state;
  /**
   * Runs every statement of `sql`. Column names come from the first; later statements add rows, cut
   * to those columns. The first failure is the whole answer.
   */
  run(sql, state) {
    const before = this.state;
    this.state = state;
    const scope = wasm2.scopedAllocPush();
    try {
      return this.runAll(wasm2.scopedAllocCString(sql), wasm2.scopedAlloc(8));
    } finally {
      wasm2.scopedAllocPop(scope);
      this.state = before;
    }
  }
  runAll(sql, out) {
    let columns2;
    const rows = [];
    const tail = out + 4;
    for (let rest = sql; wasm2.peek8(rest) !== 0; rest = wasm2.peekPtr(tail)) {
      if (capi2.sqlite3_prepare_v3(this.db, rest, -1, 0, out, tail) !== capi2.SQLITE_OK) return this.failure();
      const statement = wasm2.peekPtr(out);
      if (!statement) continue;
      const names = columnNames(statement);
      columns2 ??= names;
      let step = capi2.sqlite3_step(statement);
      for (; step === capi2.SQLITE_ROW; step = capi2.sqlite3_step(statement)) {
        rows.push(readRow(statement, names, columns2));
      }
      const failure = step === capi2.SQLITE_DONE ? void 0 : this.failure();
      capi2.sqlite3_finalize(statement);
      if (failure) return failure;
    }
    return { ok: true, columns: columns2 ?? [], rows };
  }
  failure() {
    return { ok: false, message: capi2.sqlite3_errmsg(this.db) };
  }
};
function columnNames(statement) {
  const count = capi2.sqlite3_column_count(statement);
  return Array.from({ length: count }, (_, index) => capi2.sqlite3_column_name(statement, index));
}
function readRow(statement, names, kept) {
  const row = /* @__PURE__ */ Object.create(null);
  names.forEach((name, index) => {
    if (kept.includes(name)) row[name] = capi2.sqlite3_column_text(statement, index) ?? "";
  });
  return row;
}

// lib/agent/host/table.ts
var TYPES = { i: "INTEGER", b: "BIGINT", d: "DOUBLE" };
function columns(notation) {
  return notation.trim().split(/\s+/).map((word) => {
    const [, name = "", letter = "", mark] = /^(\w+)(?::(\w))?([*!~])?$/.exec(word) ?? [];
    return {
      name,
      type: TYPES[letter] ?? "TEXT",
      index: mark === "*" || mark === "!",
      required: mark === "!",
      hidden: mark === "~"
    };
  });
}
var UNCONSTRAINED = { equals: () => void 0 };

// lib/agent/host/tables/container-scan.ts
var HEX = /^[0-9a-f]{1,64}$/i;
function listContainers({ host }, where) {
  const ids = where.equals("id");
  if (!ids) return host.running().map((container) => ({ id: container.id, container }));
  const asked = ids.filter((id) => HEX.test(id));
  return host.containers().flatMap((container) => {
    const id = asked.find((prefix) => container.id.startsWith(prefix));
    return id === void 0 ? [] : [{ id, container }];
  });
}
function namedRunning(state, where) {
  return where.equals("id") ? listContainers(state, where).filter(({ container }) => !container.exit) : [];
}

// lib/agent/host/tables/docker-container-details.ts
var processes = {
  name: "docker_container_processes",
  columns: columns(`id! pid:b* name cmdline state uid:b gid:b euid:b egid:b suid:b sgid:b wired_size:b resident_size:b
    total_size:b start_time:b parent:b pgroup:b threads:i nice:i user time cpu:d mem:d`),
  rows: (state, where) => namedRunning(state, where).flatMap(({ id, container }) => {
    const uid = container.spec.uid ?? 0;
    return container.processes.map((process2) => ({
      id,
      pid: process2.pid,
      name: process2.command[0]?.split("/").at(-1) ?? "",
      cmdline: process2.command.join(" "),
      state: "S",
      uid,
      gid: uid,
      euid: uid,
      egid: uid,
      suid: uid,
      sgid: uid,
      resident_size: 1024e3,
      total_size: 4608e3,
      // start_time stays NULL: osquery takes it from `ps -o etime` ("00:12"), which is not a number.
      parent: process2.parentPid,
      pgroup: container.processes[0].pid,
      threads: 1,
      nice: 0,
      user: uid === 0 ? "root" : String(uid),
      time: "00:00:00",
      cpu: 0,
      mem: 0
    }));
  })
};
var stats = {
  name: "docker_container_stats",
  columns: columns(`id! name* pids:i read:b preread:b interval:b disk_read:b disk_write:b num_procs:i cpu_total_usage:b
    cpu_kernelmode_usage:b cpu_usermode_usage:b system_cpu_usage:b online_cpus:i pre_cpu_total_usage:b
    pre_cpu_kernelmode_usage:b pre_cpu_usermode_usage:b pre_system_cpu_usage:b pre_online_cpus:i memory_usage:b
    memory_cached:b memory_inactive_file:b memory_total_inactive_file:b memory_max_usage:b memory_limit:b
    network_rx_bytes:b network_tx_bytes:b`),
  rows: (state, where) => namedRunning(state, where).map(({ id, container }) => {
    const readSeconds = Math.floor(state.host.clock.now() / 1e3);
    const aliveMs = state.host.clock.now() - container.startedAtMs;
    return {
      id,
      name: `/${container.spec.name}`,
      pids: container.processes.length,
      read: readSeconds,
      preread: readSeconds - 1,
      interval: 1e9,
      num_procs: 0,
      cpu_total_usage: aliveMs * 1e3,
      // nanoseconds: a thousandth of one processor
      cpu_usermode_usage: aliveMs * 700,
      cpu_kernelmode_usage: aliveMs * 300,
      online_cpus: state.host.cpus,
      memory_usage: 1024e3 * container.processes.length,
      memory_limit: state.host.memoryBytes
    };
  })
};
var mounts = {
  name: "docker_container_mounts",
  columns: columns("id* type name* source destination driver mode rw:i propagation"),
  rows: (state, where) => listContainers(state, where).flatMap(
    ({ id, container }) => (container.spec.mounts ?? []).map((mount) => ({
      id,
      type: mount.type,
      name: mount.type === "volume" ? mount.source.split("/").at(-2) ?? mount.source : "",
      source: mount.source,
      destination: mount.destination,
      driver: mount.type === "volume" ? "local" : "",
      mode: mount.readOnly ? "ro" : "",
      rw: mount.readOnly ? 0 : 1,
      propagation: mount.type === "bind" ? "rprivate" : ""
    }))
  )
};
var networks = {
  name: "docker_container_networks",
  columns: columns(`id* name* network_id endpoint_id gateway ip_address ip_prefix_len:i ipv6_gateway ipv6_address
    ipv6_prefix_len:i mac_address`),
  rows: (state, where) => listContainers(state, where).map(({ id, container }) => {
    const network = container.spec.network ?? "bridge";
    const attached = network === "bridge" && !container.exit;
    return {
      id,
      name: network,
      network_id: digest2(network, state.host.dockerId),
      endpoint_id: attached ? digest2(container.id, network) : "",
      gateway: attached ? "172.17.0.1" : "",
      ip_address: attached ? container.ipAddress : "",
      ip_prefix_len: attached ? 16 : 0,
      ipv6_gateway: "",
      ipv6_address: "",
      ipv6_prefix_len: 0,
      mac_address: attached ? container.macAddress : ""
    };
  })
};
var ports = {
  name: "docker_container_ports",
  columns: columns("id* type port:i host_ip host_port:i"),
  rows: (state, where) => listContainers(state, where).flatMap(
    ({ id, container }) => container.exit ? [] : portRows(container).map((row) => ({ id, ...row }))
  )
};
var portRows = ({ spec }) => (spec.ports ?? []).map(({ containerPort, hostPort, protocol = "tcp" }) => ({
  type: protocol,
  port: containerPort,
  host_ip: hostPort ? "0.0.0.0" : "",
  host_port: hostPort ?? 0
}));
function digest2(...names) {
  return Buffer.from(names.join("|")).toString("hex").padEnd(64, "0").slice(0, 64);
}
var DOCKER_CONTAINER_DETAIL_TABLES = [processes, stats, mounts, networks, ports];

// lib/agent/host/container.ts
function dockerDuration(ms) {
  const seconds = Math.floor(ms / 1e3);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.round(seconds / 3600);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  return `${Math.floor(hours / 24)} days`;
}
function dockerStatus(container, nowMs) {
  const { exit, startedAtMs } = container;
  if (!exit) return `Up ${dockerDuration(nowMs - startedAtMs)}`;
  return `Exited (${exit.code}) ${dockerDuration(nowMs - exit.atMs)} ago`;
}
function dockerTime(atMs) {
  return new Date(atMs).toISOString().replace("Z", "000000Z");
}
function cgroupPath(container) {
  const taskArn = container.spec.labels?.["com.amazonaws.ecs.task-arn"];
  const scope = `docker-${container.id}.scope`;
  if (!taskArn) return `/system.slice/${scope}`;
  return `/ecstasks.slice/ecstasks-${taskArn.split("/").at(-1)}.slice/${scope}`;
}

// lib/agent/host/tables/docker-containers.ts
var containers = {
  name: "docker_containers",
  columns: columns(`id* name* image image_id command created:b state status pid:b path config_entrypoint started_at
    finished_at privileged:i security_options env_variables readonly_rootfs:i cgroup_namespace ipc_namespace
    mnt_namespace net_namespace pid_namespace user_namespace uts_namespace`),
  rows: (state, where) => listContainers(state, where).map(({ id, container }) => {
    const { spec, exit } = container;
    const { entrypoint = [], env = {} } = spec;
    return {
      id,
      name: `/${spec.name}`,
      image: spec.image,
      image_id: container.imageId,
      command: [...entrypoint, ...spec.command].join(" "),
      created: Math.floor(container.startedAtMs / 1e3),
      state: exit ? "exited" : "running",
      status: dockerStatus(container, state.host.clock.now()),
      pid: exit ? 0 : container.processes[0].pid,
      path: entrypoint[0] ?? spec.command[0] ?? "",
      config_entrypoint: entrypoint.join(", "),
      started_at: dockerTime(container.startedAtMs),
      finished_at: exit ? dockerTime(exit.atMs) : "",
      privileged: spec.privileged ? 1 : 0,
      security_options: "",
      env_variables: Object.entries(env).map(([key, value]) => `${key}=${value}`).join(", "),
      readonly_rootfs: spec.readonlyRootfs ? 1 : 0,
      ...exit ? {} : container.namespaces
      // no process, no namespaces to read
    };
  })
};
var pairs = (name, notation, of) => ({
  name,
  columns: columns(notation),
  rows: (state, where) => listContainers(state, where).flatMap(
    ({ id, container }) => Object.entries(container.spec[of] ?? {}).map(([key, value]) => ({ id, key, value }))
  )
});
var DOCKER_CONTAINER_TABLES = [
  containers,
  pairs("docker_container_labels", "id* key* value", "labels"),
  pairs("docker_container_envs", "id* key value", "env")
];

// lib/agent/host/tables/docker-engine.ts
var DOCKER_VERSION = "25.0.14";
var KERNEL = "6.1.155-176.282.amzn2023";
var images = {
  name: "docker_images",
  columns: columns("id created:b size_bytes:b tags"),
  rows: ({ host }) => [...host.images()].map(([tags2, image]) => ({
    id: image.id,
    created: Math.floor(image.createdAtMs / 1e3),
    size_bytes: image.bytes,
    tags: tags2
  }))
};
var info = {
  name: "docker_info",
  columns: columns(`id containers:i containers_running:i containers_paused:i containers_stopped:i images:i
    storage_driver memory_limit:i swap_limit:i kernel_memory:i cpu_cfs_period:i cpu_cfs_quota:i cpu_shares:i cpu_set:i
    ipv4_forwarding:i bridge_nf_iptables:i bridge_nf_ip6tables:i oom_kill_disable:i logging_driver cgroup_driver
    kernel_version os os_type architecture cpus:i memory:b http_proxy https_proxy no_proxy name server_version
    root_dir`),
  rows: ({ host }) => [
    {
      id: host.dockerId,
      containers: host.containers().length,
      containers_running: host.running().length,
      containers_paused: 0,
      containers_stopped: host.containers().length - host.running().length,
      images: host.images().size,
      storage_driver: "overlay2",
      memory_limit: 1,
      swap_limit: 1,
      kernel_memory: 0,
      cpu_cfs_period: 1,
      cpu_cfs_quota: 1,
      cpu_shares: 1,
      cpu_set: 1,
      ipv4_forwarding: 1,
      bridge_nf_iptables: 1,
      bridge_nf_ip6tables: 1,
      oom_kill_disable: 0,
      logging_driver: "json-file",
      cgroup_driver: "systemd",
      kernel_version: `${KERNEL}.${host.architecture}`,
      os: "Amazon Linux 2023",
      os_type: "linux",
      architecture: host.architecture,
      cpus: host.cpus,
      memory: host.memoryBytes,
      http_proxy: "",
      https_proxy: "",
      no_proxy: "",
      name: host.hostname,
      server_version: DOCKER_VERSION,
      root_dir: "/var/lib/docker"
    }
  ]
};
var version = {
  name: "docker_version",
  columns: columns("version api_version min_api_version git_commit go_version os arch kernel_version build_time"),
  rows: ({ host }) => [
    {
      version: DOCKER_VERSION,
      api_version: "1.44",
      min_api_version: "1.24",
      git_commit: "cc13f95",
      go_version: "go1.24.7",
      os: "linux",
      arch: host.architecture === "aarch64" ? "arm64" : "amd64",
      kernel_version: `${KERNEL}.${host.architecture}`,
      build_time: "2025-09-15T00:00:00.000000000+00:00"
    }
  ]
};
var DOCKER_ENGINE_TABLES = [images, info, version];

// lib/agent/host/tables/ec2.ts
var metadata = {
  name: "ec2_instance_metadata",
  columns: columns(`instance_id instance_type architecture region availability_zone local_hostname local_ipv4 mac
    security_groups iam_arn ami_id reservation_id account_id ssh_public_key`),
  rows: ({ host }) => [
    {
      instance_id: host.instanceId,
      instance_type: host.instanceType,
      architecture: host.architecture === "aarch64" ? "arm64" : "x86_64",
      region: host.region,
      availability_zone: host.availabilityZone,
      local_hostname: host.hostname,
      local_ipv4: host.privateIp,
      mac: host.macAddress,
      security_groups: "ecs-hosts",
      iam_arn: `arn:aws:iam::${host.accountId}:instance-profile/ecsInstanceRole`,
      ami_id: host.amiId,
      reservation_id: host.reservationId,
      account_id: host.accountId,
      ssh_public_key: ""
    }
  ]
};
var tags = {
  name: "ec2_instance_tags",
  columns: columns("instance_id key value"),
  rows: ({ host }) => Object.entries(host.tags).map(([key, value]) => ({ instance_id: host.instanceId, key, value }))
};
var EC2_TABLES = [metadata, tags];

// lib/agent/host/per-query.ts
function perQuery(compute) {
  const results = /* @__PURE__ */ new WeakMap();
  return (state) => {
    const known = results.get(state);
    if (known !== void 0) return known;
    const result = compute(state.host);
    results.set(state, result);
    return result;
  };
}

// lib/agent/host/processes.ts
var HOST_NET_NAMESPACE = "4026531840";
var PID_OF = { systemd: 1, sshd: 1540, dockerd: 1702, osqueryWorker: 1911 };
var SERVICES = [
  { pid: PID_OF.systemd, parentPid: 0, command: ["/usr/lib/systemd/systemd", "--system"], cgroup: "/init.scope" },
  { pid: 1310, parentPid: 1, command: ["/usr/lib/systemd/systemd-journald"], cgroup: "systemd-journald" },
  { pid: 1462, parentPid: 1, command: ["/usr/sbin/chronyd", "-F", "2"], cgroup: "chronyd", uid: 993 },
  { pid: 1488, parentPid: 1, command: ["/usr/bin/amazon-ssm-agent"], cgroup: "amazon-ssm-agent" },
  { pid: PID_OF.sshd, parentPid: 1, command: ["/usr/sbin/sshd", "-D"], cgroup: "sshd" },
  { pid: 1644, parentPid: 1, command: ["/usr/bin/containerd"], cgroup: "containerd" },
  { pid: PID_OF.dockerd, parentPid: 1, command: ["/usr/bin/dockerd", "-H", "fd://"], cgroup: "docker" },
  { pid: 1830, parentPid: 1, command: ["/usr/libexec/amazon-ecs-init", "start"], cgroup: "ecs" },
  {
    pid: 1902,
    parentPid: 1,
    command: ["/opt/osquery/bin/osqueryd", "--flagfile", "/etc/osquery/osquery.flags"],
    cgroup: "osqueryd"
  },
  { pid: PID_OF.osqueryWorker, parentPid: 1902, command: ["/opt/osquery/bin/osqueryd"], cgroup: "osqueryd" }
];
var processesOf = perQuery((host) => {
  const services = SERVICES.map((service) => ({
    pid: service.pid,
    parentPid: service.parentPid,
    command: service.command,
    uid: service.uid ?? 0,
    startedAtMs: host.bootedAtMs + service.pid * 5,
    // services come up in the order of their pids
    cgroupPath: service.cgroup.startsWith("/") ? service.cgroup : `/system.slice/${service.cgroup}.service`,
    netNamespace: HOST_NET_NAMESPACE,
    container: null
  }));
  return [...services, ...host.running().flatMap(containerProcesses)];
});
function containerProcesses(container) {
  const shim = {
    pid: container.shimPid,
    parentPid: PID_OF.systemd,
    command: ["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", container.id],
    uid: 0,
    startedAtMs: container.startedAtMs,
    cgroupPath: "/system.slice/docker.service",
    netNamespace: HOST_NET_NAMESPACE,
    container: null
  };
  const own = container.processes.map((process2) => ({
    ...process2,
    uid: container.spec.uid ?? 0,
    startedAtMs: container.startedAtMs,
    cgroupPath: cgroupPath(container),
    netNamespace: container.namespaces.net_namespace ?? HOST_NET_NAMESPACE,
    container
  }));
  return [shim, ...own];
}

// lib/agent/host/tables/network.ts
var TCP = 6;
var UDP = 17;
var IPV4 = 2;
function listenersOf(state) {
  const ofContainers = processesOf(state).flatMap(({ pid, container, netNamespace }) => {
    if (!container || pid !== container.processes[0].pid) return [];
    return (container.spec.ports ?? []).flatMap(({ containerPort, hostPort, protocol: name }) => {
      const protocol = name === "udp" ? UDP : TCP;
      const own = { pid, port: containerPort, protocol, netNamespace };
      const published = { pid: PID_OF.dockerd, port: hostPort ?? 0, protocol, netNamespace: HOST_NET_NAMESPACE };
      return hostPort && container.spec.network !== "host" ? [own, published] : [own];
    });
  });
  return [{ pid: PID_OF.sshd, port: 22, protocol: TCP, netNamespace: HOST_NET_NAMESPACE }, ...ofContainers];
}
var listening = {
  name: "listening_ports",
  columns: columns("pid:i port:i protocol:i family:i address fd:b socket:b path net_namespace"),
  rows: (state) => listenersOf(state).map(({ pid, port, protocol, netNamespace }) => ({
    pid,
    port,
    protocol,
    family: IPV4,
    address: "0.0.0.0",
    fd: 3,
    socket: inode(pid, port),
    path: "",
    net_namespace: netNamespace
  }))
};
var openSockets = {
  name: "process_open_sockets",
  columns: columns(`pid:i* fd:b socket:b family:i protocol:i local_address remote_address local_port:i remote_port:i path
    state net_namespace`),
  rows: (state, where) => {
    const pids = where.equals("pid");
    const asked = ({ pid }) => !pids || pids.includes(String(pid));
    const listeners = listenersOf(state).filter(asked).map((listener) => ({
      pid: listener.pid,
      fd: 3,
      socket: inode(listener.pid, listener.port),
      family: IPV4,
      protocol: listener.protocol,
      local_address: "0.0.0.0",
      remote_address: "0.0.0.0",
      local_port: listener.port,
      remote_port: 0,
      path: "",
      state: listener.protocol === TCP ? "LISTEN" : "",
      net_namespace: listener.netNamespace
    }));
    const connections = processesOf(state).filter(asked).flatMap((process2) => connectionRows(state.host, process2));
    return [...listeners, ...connections];
  }
};
function connectionRows(host, { pid, container, netNamespace }) {
  if (!container || pid !== container.processes[0].pid) return [];
  return (container.spec.connections ?? []).map(({ remoteAddress, remotePort }, index) => ({
    pid,
    fd: 10 + index,
    socket: inode(pid, remotePort),
    family: IPV4,
    protocol: TCP,
    local_address: container.ipAddress || host.privateIp,
    remote_address: remoteAddress,
    local_port: 4e4 + (pid * 31 + index) % 2e4,
    remote_port: remotePort,
    path: "",
    state: "ESTABLISHED",
    net_namespace: netNamespace
  }));
}
function inode(pid, port) {
  return 2e4 + pid * 97 + port;
}
var addresses = {
  name: "interface_addresses",
  columns: columns("interface address mask broadcast point_to_point type friendly_name~"),
  rows: ({ host }) => [
    { interface: "lo", address: "127.0.0.1", mask: "255.0.0.0", broadcast: "", point_to_point: "127.0.0.1", type: "" },
    {
      interface: "ens5",
      address: host.privateIp,
      mask: "255.255.240.0",
      broadcast: "",
      point_to_point: "",
      type: "dhcp"
    },
    {
      interface: "docker0",
      address: "172.17.0.1",
      mask: "255.255.0.0",
      broadcast: "172.17.255.255",
      point_to_point: "",
      type: "manual"
    }
  ]
};
var details = {
  name: "interface_details",
  columns: columns(`interface mac type:i mtu:i metric:i flags:i ipackets:b opackets:b ibytes:b obytes:b ierrors:b
    oerrors:b idrops:b odrops:b collisions:b last_change:b link_speed:b pci_slot friendly_name~ description~
    manufacturer~ connection_id~ connection_status~ enabled:i~ physical_adapter:i~ speed:i~ service~ dhcp_enabled:i~
    dhcp_lease_expires~ dhcp_lease_obtained~ dhcp_server~ dns_domain~ dns_domain_suffix_search_order~ dns_host_name~
    dns_server_search_order~`),
  rows: ({ host }) => [
    { ...COUNTERS, interface: "lo", mac: "00:00:00:00:00:00", type: 4, mtu: 65536, flags: 65609 },
    {
      ...COUNTERS,
      interface: "ens5",
      mac: host.macAddress,
      type: 6,
      mtu: 9001,
      flags: 69699,
      pci_slot: "0000:00:05.0"
    },
    { ...COUNTERS, interface: "docker0", mac: "02:42:5d:2e:71:0c", type: 6, mtu: 1500, flags: 69699 }
  ]
};
var COUNTERS = {
  metric: 0,
  ipackets: 0,
  opackets: 0,
  ibytes: 0,
  obytes: 0,
  ierrors: 0,
  oerrors: 0,
  idrops: 0,
  odrops: 0,
  collisions: 0,
  last_change: -1,
  link_speed: 0
};
var NETWORK_TABLES = [listening, openSockets, addresses, details];

// lib/agent/host/tables/osquery.ts
var PLATFORM_MASK = 9;
var osqueryInfo = {
  name: "osquery_info",
  columns: columns(`pid:i uuid instance_id version config_hash config_valid:i extensions build_platform build_distro
    start_time:i watcher:i platform_mask:i`),
  rows: ({ host, osquery }) => osquery ? [
    {
      pid: PID_OF.osqueryWorker,
      uuid: host.uuid,
      instance_id: osquery.instanceUuid,
      version: osquery.version,
      config_hash: osquery.configHash,
      config_valid: osquery.configValid ? 1 : 0,
      extensions: "active",
      // the manager of extensions runs unless disable_extensions
      build_platform: "linux",
      build_distro: "centos7",
      start_time: Math.floor(osquery.startedAtMs / 1e3),
      watcher: PID_OF.osqueryWorker - 9,
      platform_mask: PLATFORM_MASK
    }
  ] : []
};
var OSQUERY_TABLES = [osqueryInfo];

// lib/agent/host/tables/processes.ts
var processes2 = {
  name: "processes",
  columns: columns(`pid:b* name path cmdline state cwd root uid:b gid:b euid:b egid:b suid:b sgid:b on_disk:i
    wired_size:b resident_size:b total_size:b user_time:b system_time:b disk_bytes_read:b disk_bytes_written:b
    start_time:b parent:b pgroup:b threads:i nice:i elevated_token:i~ secure_process:i~ protection_type~
    virtual_process:i~ elapsed_time:b~ handle_count:b~ percent_processor_time:b~ upid:b~ uppid:b~ cpu_type:i~
    cpu_subtype:i~ translated:i~ cgroup_path`),
  rows: (state, where) => {
    const pids = where.equals("pid");
    return processesOf(state).filter(({ pid }) => !pids || pids.includes(String(pid))).map((process2) => {
      const path = process2.command[0] ?? "";
      const { uid } = process2;
      return {
        pid: process2.pid,
        name: path.split("/").at(-1)?.slice(0, 15) ?? "",
        // the kernel keeps 15 characters of a name
        path,
        cmdline: process2.command.join(" "),
        state: "S",
        cwd: "/",
        root: "/",
        uid,
        gid: uid,
        euid: uid,
        egid: uid,
        suid: uid,
        sgid: uid,
        on_disk: process2.container ? 0 : 1,
        // a container's binary is not at that path on the host
        wired_size: 0,
        resident_size: 1024e3,
        total_size: 4608e3,
        user_time: 10,
        system_time: 10,
        disk_bytes_read: 0,
        disk_bytes_written: 0,
        start_time: Math.floor(process2.startedAtMs / 1e3),
        parent: process2.parentPid,
        pgroup: process2.container?.processes[0].pid ?? process2.pid,
        threads: 1,
        nice: 0,
        cgroup_path: process2.cgroupPath
      };
    });
  }
};
var namespaces = {
  name: "process_namespaces",
  columns: columns(`pid:i* cgroup_namespace ipc_namespace mnt_namespace net_namespace pid_namespace user_namespace
    uts_namespace`),
  rows: (state, where) => {
    const pids = where.equals("pid");
    return processesOf(state).filter(({ pid }) => !pids || pids.includes(String(pid))).map(({ pid, container }) => ({ pid, ...container?.namespaces ?? HOST_NAMESPACES }));
  }
};
var HOST_NAMESPACES = {
  cgroup_namespace: "4026531835",
  ipc_namespace: "4026531839",
  mnt_namespace: "4026531841",
  net_namespace: "4026531840",
  pid_namespace: "4026531836",
  user_namespace: "4026531837",
  uts_namespace: "4026531838"
};
var envs = {
  name: "process_envs",
  columns: columns("pid:i* key value"),
  rows: (state, where) => {
    const pids = where.equals("pid");
    return processesOf(state).filter(({ pid }) => !pids || pids.includes(String(pid))).flatMap(
      ({ pid, container }) => Object.entries(container?.spec.env ?? {}).map(([key, value]) => ({ pid, key, value }))
    );
  }
};
var PROCESS_TABLES = [processes2, namespaces, envs];

// lib/agent/host/tables/system.ts
var systemInfo = {
  name: "system_info",
  columns: columns(`hostname uuid cpu_type cpu_subtype cpu_brand cpu_physical_cores:i cpu_logical_cores:i cpu_sockets:i
    cpu_microcode physical_memory:b hardware_vendor hardware_model hardware_version hardware_serial board_vendor
    board_model board_version board_serial computer_name local_hostname emulated_cpu_type~`),
  rows: ({ host }) => [
    {
      hostname: host.hostname,
      uuid: host.uuid,
      cpu_type: host.architecture,
      // From cpuid, 48 bytes long; there is none on Arm.
      cpu_brand: host.architecture === "x86_64" ? "Intel(R) Xeon(R) Platinum 8488C".padEnd(48, "\0") : void 0,
      cpu_subtype: host.architecture === "x86_64" ? "143" : "0",
      cpu_microcode: host.architecture === "x86_64" ? "0x2b000643" : void 0,
      cpu_physical_cores: host.cpus,
      cpu_logical_cores: host.cpus,
      cpu_sockets: host.architecture === "x86_64" ? 1 : void 0,
      physical_memory: host.memoryBytes,
      computer_name: host.hostname,
      local_hostname: host.hostname,
      ...host.smbios ? hardwareOf(host) : { hardware_model: "" }
    }
  ]
};
var hardwareOf = (host) => ({
  hardware_vendor: "Amazon EC2",
  hardware_model: host.instanceType,
  hardware_version: "",
  hardware_serial: host.uuid,
  board_vendor: "Amazon EC2",
  board_model: "",
  board_version: "",
  board_serial: ""
});
var osVersion = {
  name: "os_version",
  columns: columns(`name version major:i minor:i patch:i build platform platform_like codename arch extra~
    install_date:b~ revision:i~ pid_with_namespace:i~ mount_namespace_id~`),
  rows: ({ host }) => [
    {
      name: "Amazon Linux",
      version: "2023",
      _id: "2023",
      // VERSION_ID of os-release: no column shows it, an enrollment does
      major: 2023,
      minor: 0,
      patch: 0,
      platform: "amzn",
      platform_like: "fedora",
      arch: host.architecture,
      pid_with_namespace: 0
    }
  ]
};
var platformInfo = {
  name: "platform_info",
  columns: columns("vendor version date revision extra firmware_type address size volume_size:i"),
  rows: ({ host }) => host.smbios ? [FIRMWARE] : []
};
var FIRMWARE = {
  vendor: "Amazon EC2",
  version: "1.0",
  date: "11/1/2018",
  revision: "1.0",
  extra: "",
  firmware_type: "uefi",
  address: "0x0000",
  size: "65536",
  volume_size: 0
};
var kernelInfo = {
  name: "kernel_info",
  columns: columns("version arguments path device"),
  rows: ({ host }) => [
    {
      version: `6.1.155-176.282.amzn2023.${host.architecture}`,
      arguments: "root=UUID=6f2a0b0e-2f9c-4d35-8b6b-6a9f3e1f0f55 ro console=tty0 console=ttyS0,115200n8",
      path: `(hd0,gpt1)/boot/vmlinuz-6.1.155-176.282.amzn2023.${host.architecture}`,
      device: "UUID=6f2a0b0e-2f9c-4d35-8b6b-6a9f3e1f0f55"
    }
  ]
};
var ACCOUNTS = [
  [0, "root", "Super User", "/root", "/bin/bash"],
  [1, "bin", "bin", "/bin", "/sbin/nologin"],
  [2, "daemon", "daemon", "/sbin", "/sbin/nologin"],
  [8, "mail", "mail", "/var/spool/mail", "/sbin/nologin"],
  [65534, "nobody", "Kernel Overflow User", "/", "/sbin/nologin"],
  [81, "dbus", "System Message Bus", "/", "/usr/sbin/nologin"],
  [192, "systemd-network", "systemd Network Management", "/", "/usr/sbin/nologin"],
  [74, "sshd", "Privilege-separated SSH", "/usr/share/empty.sshd", "/sbin/nologin"],
  [993, "chrony", "chrony system user", "/var/lib/chrony", "/sbin/nologin"],
  [1e3, "ec2-user", "EC2 Default User", "/home/ec2-user", "/bin/bash"]
];
var users = {
  name: "users",
  columns: columns(`uid:b* gid:b uid_signed:b gid_signed:b username* description directory shell uuid*
    type~ is_hidden:i~ pid_with_namespace:i~ include_remote:i~`),
  rows: (_, where) => {
    const uids = where.equals("uid");
    const names = where.equals("username");
    return ACCOUNTS.filter(
      ([id, name]) => (!uids || uids.includes(String(id))) && (!names || names.includes(name))
    ).map(([id, username, description, directory, shell]) => ({
      uid: id,
      gid: id,
      uid_signed: id,
      gid_signed: id,
      username,
      description,
      directory,
      shell,
      uuid: ""
    }));
  }
};
var SYSTEM_TABLES = [systemInfo, osVersion, platformInfo, kernelInfo, users];

// lib/agent/host/tables/time.ts
var WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
var SHORT_DAYS = WEEKDAYS.map((day) => day.slice(0, 3));
var MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
function calendarTime(atMs) {
  const date = new Date(atMs);
  const day = String(date.getUTCDate()).padStart(2);
  const clock = date.toISOString().slice(11, 19);
  return `${SHORT_DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${clock} ${date.getUTCFullYear()} UTC`;
}
var time = {
  name: "time",
  columns: columns(`weekday year:i month:i day:i hour:i minutes:i seconds:i timezone local_timezone unix_time:i
    timestamp datetime iso_8601 win_timestamp:b~`),
  rows: ({ host }) => {
    const nowMs = host.clock.now();
    const date = new Date(nowMs);
    const iso = `${date.toISOString().slice(0, 19)}Z`;
    return [
      {
        weekday: WEEKDAYS[date.getUTCDay()],
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        hour: date.getUTCHours(),
        minutes: date.getUTCMinutes(),
        seconds: date.getUTCSeconds(),
        timezone: "UTC",
        local_timezone: "UTC",
        unix_time: Math.floor(nowMs / 1e3),
        timestamp: calendarTime(nowMs),
        datetime: iso,
        iso_8601: iso
      }
    ];
  }
};
var uptime = {
  name: "uptime",
  columns: columns("days:i hours:i minutes:i seconds:i total_seconds:b"),
  rows: ({ host }) => {
    const total2 = Math.floor((host.clock.now() - host.bootedAtMs) / 1e3);
    return [
      {
        days: Math.floor(total2 / 86400),
        hours: Math.floor(total2 / 3600) % 24,
        minutes: Math.floor(total2 / 60) % 60,
        seconds: total2 % 60,
        total_seconds: total2
      }
    ];
  }
};
var TIME_TABLES = [time, uptime];

// lib/agent/host/tables/index.ts
var TABLES = [
  ...DOCKER_CONTAINER_TABLES,
  ...DOCKER_CONTAINER_DETAIL_TABLES,
  ...DOCKER_ENGINE_TABLES,
  ...PROCESS_TABLES,
  ...NETWORK_TABLES,
  ...SYSTEM_TABLES,
  ...OSQUERY_TABLES,
  ...EC2_TABLES,
  ...TIME_TABLES
];

// lib/agent/host/host.ts
var CLEANUP_WAIT_MS = 3 * 60 * 60 * 1e3;
var KILLED = 137;
var engine = new SqlEngine(TABLES);
var SimulatedHost = class {
  clock;
  instanceId;
  hostname;
  privateIp;
  instanceType;
  region;
  availabilityZone;
  accountId;
  amiId;
  architecture;
  cpus;
  memoryBytes;
  tags;
  bootedAtMs;
  createdAtMs;
  /** The SMBIOS product UUID; on EC2 it starts with `ec2`. */
  uuid;
  smbios;
  macAddress;
  reservationId;
  /** Docker Engine's own id. */
  dockerId;
  cleanupWaitMs;
  random;
  all = /* @__PURE__ */ new Map();
  imageIds = /* @__PURE__ */ new Map();
  lastPid = 2400;
  power = stopper();
  constructor(options) {
    const random = options.random.fork(`host ${options.instanceId ?? options.random.next()}`);
    this.random = random;
    this.clock = options.clock;
    this.createdAtMs = options.clock.now();
    this.instanceId = options.instanceId ?? `i-0${random.hex(16)}`;
    this.privateIp = options.privateIp ?? `10.0.${random.integer(0, 63)}.${random.integer(10, 250)}`;
    this.region = options.region ?? "us-east-1";
    this.hostname = options.hostname ?? `ip-${this.privateIp.replaceAll(".", "-")}.ec2.internal`;
    this.instanceType = options.instanceType ?? "m8g.xlarge";
    this.availabilityZone = options.availabilityZone ?? `${this.region}${random.pick(["a", "b", "c"])}`;
    this.accountId = options.accountId ?? "111122223333";
    this.amiId = options.amiId ?? "ami-0abc12345def67890";
    this.architecture = options.architecture ?? "aarch64";
    this.cpus = options.cpus ?? 4;
    this.memoryBytes = options.memoryBytes ?? 16326590464;
    this.tags = options.tags ?? { Name: this.hostname.split(".")[0] ?? this.hostname };
    this.bootedAtMs = options.bootedAtMs ?? this.createdAtMs - 6e5;
    this.smbios = options.smbios ?? true;
    this.cleanupWaitMs = options.cleanupWaitMs ?? CLEANUP_WAIT_MS;
    this.uuid = `ec2${random.uuid().slice(3)}`;
    this.macAddress = mac(random);
    this.reservationId = `r-0${random.hex(16)}`;
    this.dockerId = random.uuid();
  }
  /** Whether the machine is off. */
  get down() {
    return this.power.signal.aborted;
  }
  /** Aborts when the machine goes off. */
  get off() {
    return this.power.signal;
  }
  /** Switches the machine off, for good: all that ran on it is killed, and its agent with it. */
  powerOff() {
    for (const { id } of this.running()) this.stopContainer(id, KILLED);
    this.power.abort();
  }
  /** Starts a container now. It runs until {@link stopContainer}. @throws if the machine is off */
  startContainer(spec) {
    if (this.down) throw new Error(`${this.instanceId} is off`);
    const shimPid = this.nextPid();
    const main = { pid: this.nextPid(), parentPid: shimPid, command: spec.command };
    const children = (spec.children ?? []).map((command) => ({ pid: this.nextPid(), parentPid: main.pid, command }));
    const container = {
      id: this.random.hex(64),
      spec,
      imageId: this.pullImage(spec.image),
      startedAtMs: this.clock.now(),
      processes: [main, ...children],
      shimPid,
      ipAddress: spec.network === "host" ? "" : `172.17.${this.random.integer(0, 255)}.${this.random.integer(2, 254)}`,
      macAddress: spec.network === "host" ? "" : mac(this.random),
      namespaces: this.namespaces(spec),
      exit: null
    };
    this.all.set(container.id, container);
    return container;
  }
  /** Ends a running container now. One that has ended already, or is unknown, stays as it is. */
  stopContainer(id, exitCode) {
    const container = this.all.get(id);
    if (!container || container.exit) return;
    this.all.set(id, { ...container, exit: { code: exitCode, atMs: this.clock.now() } });
  }
  /** Running containers and the exited ones that are not removed yet, oldest first. */
  containers() {
    const nowMs = this.clock.now();
    for (const container of this.all.values()) {
      if (container.exit && container.exit.atMs + this.cleanupWaitMs <= nowMs) this.all.delete(container.id);
    }
    return [...this.all.values()];
  }
  running() {
    return this.containers().filter((container) => !container.exit);
  }
  container(id) {
    return this.containers().find((container) => container.id === id);
  }
  hasImage(image) {
    return this.imageIds.has(image);
  }
  images() {
    return this.imageIds;
  }
  /** Runs SQL over the host's tables as they are now; a machine that is off answers nothing. */
  query(sql, osquery = null) {
    if (this.down) return { ok: false, message: `${this.instanceId} is off` };
    return engine.run(sql, { host: this, osquery });
  }
  /**
   * The first row of a table as the table makes it: the values it sets alone, by name, and also one that no column shows.
   * `null` if it has none.
   */
  firstRow(tableName, osquery = null) {
    const table2 = engine.tables.find(({ name }) => name === tableName);
    if (!table2) throw new Error(`no table ${tableName} on a simulated host`);
    const first = [...table2.rows({ host: this, osquery }, UNCONSTRAINED)][0];
    if (!first) return null;
    const set = Object.entries(first).flatMap(
      ([name, value]) => value == null ? [] : [[name, String(value)]]
    );
    return Object.fromEntries(set.sort(([a], [b]) => a < b ? -1 : 1));
  }
  /** Makes an image present; returns its id. */
  pullImage(image) {
    const known = this.imageIds.get(image);
    if (known) return known.id;
    const id = this.random.fork(image).hex(64);
    const bytes = this.random.integer(4e6, 4e8);
    this.imageIds.set(image, { id, createdAtMs: this.createdAtMs - 864e5, bytes });
    return id;
  }
  nextPid() {
    this.lastPid += this.random.integer(1, 12);
    return this.lastPid;
  }
  namespaces(spec) {
    const own = () => String(4026532e3 + this.random.integer(100, 9e5));
    const host = String(4026531840);
    return {
      cgroup_namespace: own(),
      ipc_namespace: own(),
      mnt_namespace: own(),
      net_namespace: spec.network === "host" ? host : own(),
      pid_namespace: own(),
      user_namespace: "4026531837",
      uts_namespace: own()
    };
  }
};
function mac(random) {
  return `0a:${(random.hex(10).match(/../g) ?? []).join(":")}`;
}

// lib/agent/lifetimes.ts
var MINUTE = 60;
var HOUR = 60 * MINUTE;
var DAY = 24 * HOUR;
var SHORTEST_SECONDS = 1;
var SYSDIG_2019 = [
  { upToSeconds: 10, weight: 22 },
  { upToSeconds: MINUTE, weight: 17 },
  { upToSeconds: 5 * MINUTE, weight: 15 },
  { upToSeconds: 10 * MINUTE, weight: 9 },
  { upToSeconds: 30 * MINUTE, weight: 10 },
  { upToSeconds: HOUR, weight: 4 },
  { upToSeconds: 6 * HOUR, weight: 6 },
  { upToSeconds: DAY, weight: 3 },
  { upToSeconds: 7 * DAY, weight: 8 },
  { upToSeconds: 14 * DAY, weight: 4 },
  { upToSeconds: 28 * DAY, weight: 4 }
];
var SYSDIG_2025 = (() => {
  const short = SYSDIG_2019.filter((bin) => bin.upToSeconds <= MINUTE);
  const long = SYSDIG_2019.filter((bin) => bin.upToSeconds > MINUTE);
  const scale = (bins, share) => {
    const total2 = bins.reduce((sum, bin) => sum + bin.weight, 0);
    return bins.map((bin) => ({ ...bin, weight: bin.weight / total2 * share }));
  };
  return [...scale(short, 60), ...scale(long, 40)];
})();
function histogram(name, bins) {
  const total2 = bins.reduce((sum, bin) => sum + bin.weight, 0);
  return {
    name,
    sample(random) {
      let rest = random.next() * total2;
      let fromSeconds = SHORTEST_SECONDS;
      for (const bin of bins) {
        if (rest < bin.weight) return 1e3 * fromSeconds * (bin.upToSeconds / fromSeconds) ** (rest / bin.weight);
        rest -= bin.weight;
        fromSeconds = bin.upToSeconds;
      }
      return 1e3 * fromSeconds;
    }
  };
}
function lognormal(name, medianSeconds, p80Seconds) {
  const sigma = Math.log(p80Seconds / medianSeconds) / 0.8416;
  return {
    name,
    sample: (random) => 1e3 * Math.max(SHORTEST_SECONDS, medianSeconds * Math.exp(sigma * random.normal()))
  };
}
function fixedLifetime(name, seconds) {
  return { name, sample: () => seconds * 1e3 };
}
var LIFETIMES = {
  Sysdig2019: histogram("Sysdig2019", SYSDIG_2019),
  Sysdig2025: histogram("Sysdig2025", SYSDIG_2025),
  /** CircleCI: median 3.3 min, 80 % under 10 min. */
  CI: lognormal("CI", 198, 600),
  /** The job of the QueryCon demo: `sleep 10`. */
  TenSecondJob: fixedLifetime("10 s job", 10)
};

// lib/agent/osquery/faults.ts
var STALL_MS = 17e3;
var Faults = class {
  /** Every request takes 2 to 4 s longer. */
  slowLink = false;
  /** Tells whether running this SQL kills the worker, as its watchdog would. */
  crashDuring = () => false;
  planned = [];
  /** Lets the next `times` exchanges, of one endpoint if given, go wrong. */
  inject(fault, { endpoint, times = 1 } = {}) {
    this.planned.push({ fault, endpoint, times });
  }
  /** The fault the next exchange meets, if any; uses it up. */
  take(endpoint) {
    const plan = this.planned.find((one) => one.times > 0 && (!one.endpoint || one.endpoint === endpoint));
    if (plan) plan.times--;
    return plan?.fault;
  }
};
async function exchangeWithFaults(transport, request, endpoint, { faults, clock, random, signal }) {
  if (faults.slowLink) await clock.sleep(random.between(2e3, 4e3), signal);
  const fault = faults.take(endpoint);
  if (fault === "refuse") throw new Error("connection refused");
  const response2 = await transport.exchange(request, signal);
  if (fault === "drop-after-processing") throw new Error("connection reset by peer");
  if (fault === "half-response") throw new Error("partial message");
  if (fault === "stall") await clock.sleep(STALL_MS, signal);
  if (fault === "duplicate") return transport.exchange(request, signal);
  return response2;
}

// lib/agent/osquery/json.ts
var JsonNumber = class {
  constructor(text2) {
    this.text = text2;
  }
  text;
  get value() {
    return Number(this.text);
  }
  /** Whether osquery's `IsInt` holds: written as an integer that fits 32 bits. */
  get isInt32() {
    return /^-?\d+$/.test(this.text) && this.value === (this.value | 0);
  }
};
var JsonObject = class {
  constructor(members2) {
    this.members = members2;
  }
  members;
  /** The first member of that name. */
  get(name) {
    return this.members.find(([key]) => key === name)?.[1];
  }
  has(name) {
    return this.get(name) !== void 0;
  }
};
function parseJson(text2) {
  const reader = new Reader(text2);
  const value = reader.value(0);
  reader.end();
  return value;
}
var MAX_DEPTH = 1e3;
var Reader = class {
  constructor(text2) {
    this.text = text2;
  }
  text;
  at = 0;
  value(depth) {
    if (depth > MAX_DEPTH) throw new SyntaxError("nested too deeply");
    this.space();
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.array(depth);
    if (first === '"') return this.string();
    if (this.word("true")) return true;
    if (this.word("false")) return false;
    if (this.word("null")) return null;
    return new JsonNumber(this.token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y));
  }
  end() {
    this.space();
    if (this.at < this.text.length) throw new SyntaxError(`unexpected text at ${this.at}`);
  }
  object(depth) {
    const members2 = [];
    this.items("{", "}", () => {
      this.space();
      const key = this.string();
      this.space();
      this.expect(":");
      members2.push([key, this.value(depth + 1)]);
    });
    return new JsonObject(members2);
  }
  array(depth) {
    const items = [];
    this.items("[", "]", () => items.push(this.value(depth + 1)));
    return items;
  }
  items(open, close, item) {
    this.expect(open);
    this.space();
    if (this.word(close)) return;
    for (; ; ) {
      item();
      this.space();
      if (this.word(close)) return;
      this.expect(",");
    }
  }
  string() {
    return JSON.parse(this.token(/"(?:[^"\\]|\\.)*"/sy));
  }
  token(pattern) {
    pattern.lastIndex = this.at;
    const [token] = pattern.exec(this.text) ?? [];
    if (token === void 0) throw new SyntaxError(`unexpected text at ${this.at}`);
    this.at += token.length;
    return token;
  }
  word(word) {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }
  expect(word) {
    if (!this.word(word)) throw new SyntaxError(`expected ${word} at ${this.at}`);
  }
  space() {
    while (" 	\n\r".includes(this.text[this.at] ?? "?")) this.at++;
  }
};
function writeJson(value) {
  if (value instanceof JsonNumber) return /^-?\d+$/.test(value.text) ? value.text : double(value.value);
  if (value instanceof JsonObject) {
    return `{${value.members.map(([key, member]) => `${quote(key)}:${writeJson(member)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  return typeof value === "string" ? quote(value) : String(value);
}
function quote(text2) {
  return JSON.stringify(text2).replace(
    /\\(?:u(00..)|.)/g,
    (written, digits) => digits ? `\\u${digits.toUpperCase()}` : written
  );
}
function double(value) {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}
function depthOf(value) {
  if (value instanceof JsonObject) return 1 + Math.max(0, ...value.members.map(([, member]) => depthOf(member)));
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depthOf));
  return 0;
}

// lib/agent/osquery/flags.ts
var DEFAULTS = {
  // from the flagfile only
  config_refresh: 0,
  config_accelerated_refresh: 300,
  config_tls_max_attempts: 3,
  tls_enroll_max_attempts: 12,
  tls_enroll_max_interval: 600,
  enroll_always: false,
  disable_enrollment: false,
  disable_reenrollment: false,
  tls_accept_gzip: false,
  disable_watchdog: false,
  watchdog_memory_limit: 0,
  watchdog_delay: 60,
  watchdog_forced_shutdown_delay: 4,
  // settable from `options` too
  disable_distributed: true,
  distributed_interval: 60,
  distributed_tls_max_attempts: 3,
  distributed_denylist_duration: 86400,
  distributed_loginfo: false,
  logger_tls_period: 4,
  logger_tls_max_lines: 1024,
  logger_tls_max_linesize: 1048576,
  logger_tls_backoff_max: 3600,
  logger_tls_compress: false,
  buffered_log_max: 1e6,
  tls_disable_status_log: false,
  logger_min_status: 0,
  logger_event_type: true,
  logger_snapshot_event_type: false,
  decorations_top_level: false,
  disable_decorators: false,
  schedule_splay_percent: 10,
  schedule_default_interval: 3600,
  schedule_epoch: 0,
  pack_delimiter: "_",
  pack_refresh_interval: 3600
};
var CLI_ONLY = /* @__PURE__ */ new Set([
  "config_refresh",
  "config_accelerated_refresh",
  "config_tls_max_attempts",
  "tls_enroll_max_attempts",
  "tls_enroll_max_interval",
  "enroll_always",
  "disable_enrollment",
  "disable_reenrollment",
  "tls_accept_gzip",
  "disable_watchdog",
  "watchdog_memory_limit",
  "watchdog_delay",
  "watchdog_forced_shutdown_delay"
]);
var ALIASES = {
  config_tls_refresh: "config_refresh",
  config_tls_accelerated_refresh: "config_accelerated_refresh",
  logger_tls_max: "logger_tls_max_linesize"
};
var FLAGFILE = { config_refresh: 300, disable_distributed: false, distributed_interval: 10 };
var Flags = class {
  values;
  /** @param flagfile what the node's own flagfile says, over the minimal one */
  constructor(flagfile = {}) {
    this.values = { ...DEFAULTS, ...FLAGFILE, ...flagfile };
  }
  get(name) {
    return this.values[name];
  }
  /**
   * Merges a configuration's `options`; what it leaves out keeps its value.
   *
   * @param refuseCliOnly whether this version ignores flagfile-only names
   * @returns the names it ignored although it knows them
   */
  applyOptions(options, refuseCliOnly) {
    const refused2 = [];
    for (const [name, value] of options.members) {
      const real = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
      if (real === void 0 || !isFlag(real) || value === null || value === "") continue;
      if (refuseCliOnly && CLI_ONLY.has(name)) refused2.push(name);
      else this.set(real, value);
    }
    return refused2;
  }
  set(name, json3) {
    const text2 = typeof json3 === "string" ? json3 : json3 instanceof JsonNumber ? json3.text : writeJson(json3);
    const parsed2 = parseAs(DEFAULTS[name], text2);
    if (parsed2 !== void 0) Object.assign(this.values, { [name]: parsed2 });
  }
};
function isFlag(name) {
  return Object.hasOwn(DEFAULTS, name);
}
function parseAs(example, text2) {
  if (typeof example === "number") return /^-?\d+$/.test(text2) ? Number(text2) : void 0;
  if (typeof example === "string") return text2;
  if (/^(true|1|t|yes|y)$/i.test(text2)) return true;
  return /^(false|0|f|no|n)$/i.test(text2) ? false : void 0;
}

// lib/agent/osquery/profile.ts
var LATEST_VERSION = "5.23.1";
function profileOf(version2) {
  const since = (first) => compareVersions(version2, first) >= 0;
  return {
    version: version2,
    authorizationHeader: since("5.23.0"),
    logBackoff: since("5.12.0"),
    numericStatusLines: since("5.10.0"),
    stats: since("5.8.0"),
    denylist: since("5.5.0"),
    cliOnlyFlags: since("5.4.0"),
    messages: since("4.4.0"),
    integerStatuses: since("2.7.0"),
    configBytes: since("5.23.2") ? 4194304 : 1048576
  };
}
function compareVersions(a, b) {
  const [left, right] = [a, b].map((text2) => text2.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference2 = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference2 !== 0) return difference2;
  }
  return 0;
}

// lib/agent/osquery/store.ts
var AgentStore = class {
  instanceUuid;
  nodeKey;
  /** Until when distributed reads come every 5 s; epoch seconds. */
  accelerateUntil;
  /** Lines not yet delivered: key → JSON text. */
  logs = /* @__PURE__ */ new Map();
  /** Distributed queries received and not started: id → SQL. */
  pendingQueries = /* @__PURE__ */ new Map();
  /** SHA-256 of SQL that is being run, or was when the process died → start in epoch seconds. */
  running = /* @__PURE__ */ new Map();
  /** The scheduled query that is being run, or was when the process died. */
  executing;
  /** Scheduled queries that ran when a worker died → until when they are skipped, in epoch seconds. */
  denylist = /* @__PURE__ */ new Map();
  queries = /* @__PURE__ */ new Map();
  /** Splayed intervals by query name: the interval they were made from, and the result, in seconds. */
  splays = /* @__PURE__ */ new Map();
  constructor(random) {
    this.instanceUuid = random.uuid();
  }
};
function bytewise(a, b) {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// lib/agent/osquery/transport.ts
import { request as httpsRequest } from "node:https";
var MAX_HEADER_BYTES = 8192;
var MAX_BODY_BYTES = 8 * 1024 * 1024;
var HttpsTransport = class {
  /** @param ca the certificate authority to trust, PEM text (osquery's `tls_server_certs`) */
  constructor(ca) {
    this.ca = ca;
  }
  ca;
  exchange({ url, headers, body }, signal) {
    return new Promise((resolve, reject) => {
      const request = httpsRequest(url, {
        method: "POST",
        agent: false,
        ca: this.ca,
        minVersion: "TLSv1.2",
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: { ...headers },
        signal
      });
      request.removeHeader("connection");
      request.on("error", reject);
      request.on("response", (response2) => {
        const chunks = [];
        let bytes = 0;
        response2.on("data", (chunk) => {
          bytes += chunk.length;
          if (bytes > MAX_BODY_BYTES) request.destroy(new Error("body limit exceeded"));
          else chunks.push(chunk);
        });
        response2.on("error", reject);
        response2.on("end", () => {
          if (!response2.complete) return reject(new Error("partial message"));
          const fields = Object.entries(response2.headers).map(([name, value]) => [name, String(value)]);
          resolve({
            status: response2.statusCode ?? 0,
            headers: Object.fromEntries(fields),
            body: Buffer.concat(chunks)
          });
          request.destroy();
        });
      });
      request.end(body);
    });
  }
};

// lib/agent/osquery/watchdog.ts
var MEBIBYTE = 1024 * 1024;
var LIMIT_MEBIBYTES = 200;
var WatchdogStop = class extends Error {
  constructor(footprint) {
    super(`watchdog: memory limit exceeded, ${Math.round(footprint / MEBIBYTE)} MiB`);
    this.footprint = footprint;
  }
  footprint;
  name = "WatchdogStop";
};
var Watchdog = class {
  /** @param nextCheckMs the watcher's next look */
  constructor(worker, nextCheckMs, startedAtMs) {
    this.worker = worker;
    this.nextCheckMs = nextCheckMs;
    this.startedAtMs = startedAtMs;
  }
  worker;
  nextCheckMs;
  startedAtMs;
  held = /* @__PURE__ */ new Map();
  exceeded;
  /** What `holder` takes from now on, in bytes. */
  holds(holder, bytes) {
    this.held.set(holder, bytes);
    if (this.footprint > this.limit) this.exceeded?.();
  }
  /**
   * Runs until the worker ends.
   *
   * @throws {WatchdogStop} when a look found too much in use
   */
  async run() {
    const { clock, flags, signal } = this.worker;
    if (flags.get("disable_watchdog")) return;
    const watchesFromMs = this.startedAtMs + 1e3 * flags.get("watchdog_delay");
    for (; ; ) {
      await new Promise((resolve) => {
        this.exceeded = resolve;
        if (this.footprint > this.limit) resolve();
      });
      const checkMs = this.nextCheckMs(Math.max(clock.now(), watchesFromMs));
      await clock.sleep(checkMs - clock.now(), signal);
      if (this.footprint > this.limit) throw new WatchdogStop(this.footprint);
    }
  }
  get footprint() {
    return [...this.held.values()].reduce((sum, bytes) => sum + bytes, 0);
  }
  get limit() {
    return MEBIBYTE * (this.worker.flags.get("watchdog_memory_limit") || LIMIT_MEBIBYTES);
  }
};
var CELL_BYTES = 96;
var INLINE_BYTES = 15;
var HEAP_BYTES = 16;
function memoryOf(rows) {
  let bytes = 0;
  for (const row of rows) {
    for (const name in row) bytes += CELL_BYTES + heapOf(name) + heapOf(row[name] ?? "");
  }
  return bytes;
}
var heapOf = ({ length }) => length > INLINE_BYTES ? length + HEAP_BYTES : 0;

// lib/agent/osquery/watcher.ts
var WATCH_INTERVAL_MS = 3e3;
var RESPAWN_LIMIT_SECONDS = 4;
var RESPAWN_DELAY_SECONDS = 5;
var LONGEST_DELAY_SECONDS = 600;
var MOST_RESTARTS = 4;
var AFTER_KILL_MS = 200;
var Watcher = class {
  startedAtMs;
  tooSoon = 0;
  /** A worker is started now. */
  started(nowMs) {
    this.startedAtMs = nowMs;
  }
  /** The next instant at which the watcher looks: every 3 s from the start of the worker on. */
  nextCheckMs(nowMs) {
    const base = this.startedAtMs ?? nowMs;
    return base + WATCH_INTERVAL_MS * Math.max(1, Math.ceil((nowMs - base) / WATCH_INTERVAL_MS));
  }
  /**
   * How long it takes until another worker runs, in milliseconds; `undefined` if the watcher gives up.
   *
   * @param killed whether the watchdog itself ended the worker: then nothing has to be noticed first
   */
  respawnAfterMs(nowMs, killed) {
    const noticedMs = killed ? nowMs + AFTER_KILL_MS : this.nextCheckMs(nowMs);
    if (this.tooSoon === MOST_RESTARTS) return void 0;
    const seconds = (ms) => Math.floor(ms / 1e3);
    const isTooSoon = seconds(this.startedAtMs ?? 0) > seconds(noticedMs) - RESPAWN_LIMIT_SECONDS;
    if (!isTooSoon) return noticedMs - nowMs;
    this.tooSoon++;
    const delaySeconds = Math.min(LONGEST_DELAY_SECONDS, RESPAWN_DELAY_SECONDS + 2 ** this.tooSoon);
    return noticedMs - nowMs + 1e3 * delaySeconds;
  }
};

// lib/agent/osquery/client.ts
import { gzipSync } from "node:zlib";

// lib/agent/osquery/classify.ts
function parseBody(body) {
  const text2 = Buffer.from(body).toString("utf8");
  if (text2 === "") return { kind: "ok", document: new JsonObject([]) };
  const end = text2.indexOf("\0");
  let document2;
  try {
    document2 = parseJson(end < 0 ? text2 : text2.slice(0, end));
  } catch (error) {
    return fail(`not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof document2 === "string") return { kind: "crash", reason: "the body is a bare string" };
  if (document2 instanceof JsonNumber && document2.value !== 0) return { kind: "crash", reason: "the body is a number" };
  return { kind: "ok", document: document2 };
}
function classify(body) {
  const parsed2 = parseBody(body);
  if (parsed2.kind !== "ok" || !(parsed2.document instanceof JsonObject)) return parsed2;
  const error = parsed2.document.get("error");
  const text2 = typeof error === "string" && error !== "" ? `: ${error}` : "";
  if (parsed2.document.get("node_invalid") === true) {
    return { kind: "fail", reason: `node_invalid${text2}`, nodeInvalid: true };
  }
  if (error !== void 0) return fail(`error${text2}`);
  return parsed2;
}
function fail(reason) {
  return { kind: "fail", reason, nodeInvalid: false };
}

// lib/agent/osquery/key-keeper.ts
var DETAIL_TABLES = ["os_version", "osquery_info", "platform_info", "system_info"];
var KeyKeeper = class {
  constructor(worker, enrollSecret, request) {
    this.worker = worker;
    this.enrollSecret = enrollSecret;
    this.request = request;
    this.enrollAlways = worker.flags.get("enroll_always");
  }
  worker;
  enrollSecret;
  request;
  queue = Promise.resolve();
  enrollAlways;
  /** The node key, or `""` if enrollment failed as often as it may. */
  key() {
    const result = this.queue.then(() => this.stored() ?? this.enroll());
    this.queue = result.catch(() => void 0);
    return result;
  }
  stored() {
    if (this.worker.flags.get("disable_enrollment")) return "";
    if (!this.enrollAlways) return this.worker.store.nodeKey;
    this.enrollAlways = false;
    return void 0;
  }
  async enroll() {
    const { clock, flags, signal, store, notify } = this.worker;
    const attempts = flags.get("tls_enroll_max_attempts") || Number.POSITIVE_INFINITY;
    for (let n2 = 1; n2 <= attempts; n2++) {
      const reply = await this.request(this.body());
      const nodeKey = "document" in reply ? keyIn(reply.document) : void 0;
      if (nodeKey) {
        store.nodeKey = nodeKey;
        notify({ kind: "enrolled", nodeKey });
        return nodeKey;
      }
      notify({ kind: "enroll-failed", attempt: n2, reason: "failure" in reply ? reply.failure : "no node key" });
      if (n2 < attempts) await clock.sleep(Math.min(n2 * n2, flags.get("tls_enroll_max_interval")) * 1e3, signal);
    }
    return "";
  }
  body() {
    const { host, hostIdentifier, facts } = this.worker;
    const details2 = DETAIL_TABLES.flatMap((table2) => {
      const row = host.firstRow(table2, facts());
      return row ? [[table2, row]] : [];
    });
    return JSON.stringify({
      enroll_secret: this.enrollSecret,
      host_identifier: hostIdentifier,
      platform_type: String(PLATFORM_MASK),
      host_details: Object.fromEntries(details2)
    });
  }
};
function keyIn(document2) {
  if (!(document2 instanceof JsonObject)) return void 0;
  const key = document2.get("node_key") ?? document2.get("id");
  return typeof key === "string" && key !== "" ? key : void 0;
}

// lib/agent/osquery/sender.ts
import { gunzipSync } from "node:zlib";
var DEADLINE_MS = 16e3;
var MAX_REDIRECTS = 10;
var REDIRECTS = /* @__PURE__ */ new Set([301, 302, 303, 304, 305, 307, 308]);
var DeadlineExceeded = class extends Error {
  name = "DeadlineExceeded";
};
var Sender = class {
  constructor(worker, transport) {
    this.worker = worker;
    this.transport = transport;
  }
  worker;
  transport;
  /** After a failure that is not the deadline the same bytes go out once more, before anybody hears of it. */
  async send(endpoint, request) {
    const { clock, signal } = this.worker;
    const startedAtMs = clock.now();
    let copies = 0;
    let sent;
    try {
      const response2 = await this.withDeadline(async (limit) => {
        copies = 1;
        try {
          return await this.follow(endpoint, request, limit);
        } catch {
          assertRunning(limit);
          copies = 2;
          return await this.follow(endpoint, request, limit);
        }
      });
      sent = { body: this.decode(response2) };
    } catch (error) {
      sent = { failure: error instanceof Error ? error.message : String(error) };
    }
    assertRunning(signal);
    const failure = "failure" in sent ? sent.failure : null;
    this.worker.notify({ kind: "requested", endpoint, copies, durationMs: clock.now() - startedAtMs, failure });
    return sent;
  }
  /** Redirects keep method, body, `Host` and `Authorization`, wherever they lead. */
  async follow(endpoint, request, signal) {
    const { faults, clock, random } = this.worker;
    const context = { faults, clock, random, signal };
    let { url } = request;
    for (let hops = 0; ; hops++) {
      const response2 = await exchangeWithFaults(this.transport, { ...request, url }, endpoint, context);
      checkLimits(response2);
      if (!REDIRECTS.has(response2.status)) return response2;
      if (hops === MAX_REDIRECTS) throw new Error("too many redirects");
      if (!response2.headers.location) throw new Error("redirect without Location");
      url = new URL(response2.headers.location, url).href;
    }
  }
  decode({ headers, body }) {
    const compressed = this.worker.flags.get("tls_accept_gzip") && headers["content-encoding"] === "gzip";
    return compressed ? gunzipSync(body) : body;
  }
  async withDeadline(work2) {
    const { clock, signal } = this.worker;
    const limit = stopper();
    const stop = () => limit.abort(STOPPED);
    signal.addEventListener("abort", stop, { once: true });
    const timer = clock.sleep(DEADLINE_MS, limit.signal).then(() => {
      throw new DeadlineExceeded(`no answer in ${DEADLINE_MS / 1e3} s`);
    });
    try {
      return await Promise.race([work2(limit.signal), timer]);
    } finally {
      signal.removeEventListener("abort", stop);
      limit.abort(STOPPED);
    }
  }
};
function checkLimits({ headers, body }) {
  const headerBytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  if (headerBytes > MAX_HEADER_BYTES) throw new Error("header limit exceeded");
  if (body.length > MAX_BODY_BYTES) throw new Error("body limit exceeded");
}

// lib/agent/osquery/worker-context.ts
var WorkerCrash = class extends Error {
  name = "WorkerCrash";
};
var OsqueryExit = class extends Error {
  constructor(code) {
    super(`osqueryd exited with code ${code}`);
    this.code = code;
  }
  code;
  name = "OsqueryExit";
};
function unixTime(clock) {
  return Math.floor(clock.now() / 1e3);
}

// lib/agent/osquery/client.ts
var Client = class {
  constructor(worker, server, transport, enrollSecret) {
    this.worker = worker;
    this.server = server;
    this.sender = new Sender(worker, transport);
    this.keys = new KeyKeeper(worker, enrollSecret, (body) => this.enroll(body));
  }
  worker;
  server;
  sender;
  keys;
  /** Up to `attempts` requests, n² s apart. None at all succeeds with nothing, as in osquery. */
  async goN(outgoing, attempts) {
    let reply = { document: new JsonObject([]) };
    for (let n2 = 1; n2 <= attempts; n2++) {
      reply = await this.go(outgoing);
      if ("document" in reply || n2 === attempts) return reply;
      await this.worker.clock.sleep(n2 * n2 * 1e3, this.worker.signal);
    }
    return reply;
  }
  /** One request under the current node key. */
  async go({ endpoint, members: members2, keyFirst = false, gzip = false }) {
    const key = await this.keys.key();
    const keyMember = `"node_key":${JSON.stringify(key)}`;
    const all = (keyFirst ? [keyMember, members2] : [members2, keyMember]).filter((member) => member !== "");
    const verdict = await this.post(endpoint, { text: `{${all.join(",")}}`, key, gzip }, classify);
    if (verdict.kind === "ok") return { document: verdict.document };
    if (verdict.nodeInvalid && !this.worker.flags.get("disable_reenrollment")) {
      this.worker.store.nodeKey = void 0;
      this.worker.notify({ kind: "node-key-deleted", endpoint });
    }
    return { failure: verdict.reason };
  }
  async enroll(body) {
    const verdict = await this.post("enroll", { text: body, key: "", gzip: false }, parseBody);
    return verdict.kind === "ok" ? { document: verdict.document } : { failure: verdict.reason };
  }
  async post(endpoint, { text: text2, key, gzip }, judge) {
    const url = this.server.url + this.server.endpoints[endpoint];
    const body = gzip ? gzipSync(text2, { level: 9 }) : Buffer.from(text2);
    const { flags, profile } = this.worker;
    const headers = {
      "Content-Type": "application/json",
      Accept: "application/json",
      "User-Agent": `osquery/${profile.version}`
    };
    if (profile.authorizationHeader && key !== "") headers.Authorization = `NodeKey ${key}`;
    if (gzip) headers["Content-Encoding"] = "gzip";
    headers.Host = new URL(url).host;
    if (flags.get("tls_accept_gzip")) headers["Accept-Encoding"] = "gzip";
    headers["Content-Length"] = String(body.length);
    const sent = await this.sender.send(endpoint, { url, headers, body });
    if ("failure" in sent) return { kind: "fail", reason: sent.failure, nodeInvalid: false };
    const verdict = judge(sent.body);
    if (verdict.kind !== "crash") return verdict;
    this.worker.notify({ kind: "would-have-crashed", endpoint, reason: verdict.reason });
    throw new WorkerCrash(`${endpoint}: ${verdict.reason}`);
  }
};

// lib/agent/osquery/config.ts
import { createHash as createHash3 } from "node:crypto";

// lib/agent/osquery/logger.ts
var SEVERITY = { info: 0, warning: 1, error: 2 };
var Logger = class {
  constructor(worker, buffer, decorators) {
    this.worker = worker;
    this.buffer = buffer;
    this.decorators = decorators;
  }
  worker;
  buffer;
  decorators;
  waiting = [];
  results(lines) {
    for (const line of lines) this.buffer.add("result", line, unixTime(this.worker.clock));
  }
  /** @param source the file and line of osquery's sources that says such a thing, `file.cpp:line` */
  status(severity, source, message) {
    const [filename = "", line] = source.split(":");
    this.waiting.push({ atMs: this.worker.clock.now(), severity, filename, line: Number(line), message });
  }
  relay() {
    const { flags, hostIdentifier, profile } = this.worker;
    const lines = this.waiting;
    if (lines.length === 0) return;
    this.waiting = [];
    if (flags.get("tls_disable_status_log")) return;
    const written = (value) => profile.numericStatusLines ? value : String(value);
    const decorations = this.decorators.current();
    const decorated = Object.keys(decorations).length > 0;
    for (const { atMs, severity, filename, line, message } of lines) {
      if (severity < flags.get("logger_min_status")) continue;
      const unixSeconds = Math.floor(atMs / 1e3);
      const status = {
        hostIdentifier,
        calendarTime: calendarTime(atMs),
        unixTime: written(unixSeconds),
        severity: written(severity),
        filename,
        line: written(line),
        message,
        version: profile.version,
        ...decorated && !flags.get("decorations_top_level") ? { decorations } : {},
        ...decorated && flags.get("decorations_top_level") ? decorations : {}
      };
      this.buffer.add("status", JSON.stringify(status), unixSeconds);
    }
  }
};

// lib/agent/osquery/schedule.ts
import { createHash as createHash2 } from "node:crypto";
var LONGEST_INTERVAL = 604800;
var RESERVED_NAME = /^(query\.|cache\.|config_views\.)|(epoch|counter)$/;
function scheduledQueries(config, facts) {
  const own = queriesIn(config.get("schedule"), facts, (name) => name, null, []);
  const packs = config.get("packs");
  if (!(packs instanceof JsonObject)) return own;
  const packed = packs.members.flatMap(([pack, content]) => {
    if (!(content instanceof JsonObject) || !appliesHere(content, facts)) return [];
    const discovery = content.get("discovery");
    const checks = Array.isArray(discovery) ? discovery.filter((sql) => typeof sql === "string") : [];
    const d = facts.packDelimiter;
    return queriesIn(content.get("queries"), facts, (name) => `pack${d}${pack}${d}${name}`, pack, checks);
  });
  return [...own, ...packed];
}
function queriesIn(queries, facts, nameOf4, pack, discovery) {
  if (!(queries instanceof JsonObject)) return [];
  return queries.members.flatMap(([name, query]) => {
    if (!(query instanceof JsonObject) || RESERVED_NAME.test(name) || !appliesHere(query, facts)) return [];
    const sql = query.get("query");
    const interval = number(query.get("interval")) ?? facts.defaultInterval;
    if (typeof sql !== "string" || sql === "" || interval < 1 || interval > LONGEST_INTERVAL) return [];
    return [
      {
        name: nameOf4(name),
        sql,
        interval,
        snapshot: query.get("snapshot") === true,
        removed: query.get("removed") !== false,
        denylist: query.get("denylist") !== false,
        atStart: query.has("startup_priority") && compareVersions(facts.version, "5.17.0") >= 0,
        discovery,
        pack
      }
    ];
  });
}
function appliesHere(entry, { version: version2, hostname }) {
  const platform = entry.get("platform");
  if (typeof platform === "string" && platform !== "" && !/linux|posix|any|all/.test(platform)) return false;
  const since = entry.get("version");
  if (typeof since === "string" && compareVersions(version2, since) < 0) return false;
  const shard = number(entry.get("shard")) ?? 0;
  return shard === 0 || shard >= shardOf(hostname);
}
function shardOf(hostname) {
  const [first = 0] = createHash2("sha1").update(hostname).digest();
  return Math.floor(first * 100 / 255);
}
function number(json3) {
  if (json3 instanceof JsonNumber) return json3.value;
  return typeof json3 === "string" && /^\d+$/.test(json3) ? Number(json3) : void 0;
}

// lib/agent/osquery/config.ts
var MAX_DEPTH2 = 32;
var ConfigKeeper = class {
  constructor(worker, client, decorators, logger) {
    this.worker = worker;
    this.client = client;
    this.decorators = decorators;
    this.logger = logger;
  }
  worker;
  client;
  decorators;
  logger;
  /** What is scheduled now. */
  schedule = [];
  /** SHA-1 of the document in force, `""` before the first. */
  documentHash = "";
  valid = false;
  /** Whether the last fetch got no answer: the next comes after `config_accelerated_refresh`. */
  failed = false;
  /** `osquery_info.config_hash`: the SHA-1 of the document's SHA-1, both in hexadecimal. */
  get hash() {
    return this.documentHash && sha1(this.documentHash);
  }
  async fetch() {
    const { flags, notify } = this.worker;
    const reply = await this.client.goN({ endpoint: "config", members: "" }, flags.get("config_tls_max_attempts"));
    this.failed = "failure" in reply;
    if ("failure" in reply) notify({ kind: "config-failed", reason: reply.failure });
    else this.apply(reply.document);
  }
  /** Refreshes until the worker ends; a refresh of 0 means never again. */
  async run() {
    const { clock, flags, signal } = this.worker;
    while (flags.get("config_refresh") > 0) {
      const seconds = flags.get(this.failed ? "config_accelerated_refresh" : "config_refresh");
      await clock.sleep(seconds * 1e3, signal);
      await this.fetch();
    }
  }
  apply(document2) {
    const { flags, host, notify, profile } = this.worker;
    const text2 = writeJson(document2);
    const hash2 = sha1(text2);
    if (hash2 === this.documentHash) {
      notify({ kind: "config-unchanged" });
      return;
    }
    this.documentHash = hash2;
    this.schedule = [];
    const flaw = flawOf(document2, text2, profile.configBytes);
    this.valid = flaw === null;
    if (flaw !== null || !(document2 instanceof JsonObject)) {
      notify({ kind: "config-rejected", reason: flaw ?? "not an object" });
      return;
    }
    const options = document2.get("options");
    if (options instanceof JsonObject) {
      for (const name of flags.applyOptions(options, profile.cliOnlyFlags)) {
        this.logger.status(SEVERITY.warning, "options.cpp:88", `Cannot set CLI_FLAG option '${name}' from config`);
      }
    }
    this.schedule = scheduledQueries(document2, {
      version: profile.version,
      hostname: host.hostname,
      packDelimiter: flags.get("pack_delimiter"),
      defaultInterval: flags.get("schedule_default_interval")
    });
    this.decorators.apply(document2.get("decorators"));
    notify({ kind: "config-applied", configHash: this.hash, scheduled: this.schedule.length });
  }
};
function flawOf(document2, text2, maxBytes) {
  if (Buffer.byteLength(text2) > maxBytes) return `larger than ${maxBytes} bytes`;
  if (!(document2 instanceof JsonObject)) return "not an object";
  return depthOf(document2) > MAX_DEPTH2 ? `nested more than ${MAX_DEPTH2} levels` : null;
}
function sha1(text2) {
  return createHash3("sha1").update(text2).digest("hex");
}

// lib/agent/osquery/decorators.ts
var Decorators = class {
  constructor(worker) {
    this.worker = worker;
  }
  worker;
  queries = [];
  values = /* @__PURE__ */ new Map();
  /** Replaces all decorators by a configuration's and runs its `load` queries. */
  apply(decorators) {
    this.queries = [];
    this.values.clear();
    if (!(decorators instanceof JsonObject) || this.worker.flags.get("disable_decorators")) return;
    this.add("load", decorators.get("load"));
    this.add("always", decorators.get("always"));
    const intervals = decorators.get("interval");
    for (const [seconds, list2] of intervals instanceof JsonObject ? intervals.members : []) {
      if (Number(seconds) > 0 && Number(seconds) % 60 === 0) this.add(Number(seconds), list2);
    }
    this.run((source) => source === "load");
  }
  beforeQuery() {
    this.run((source) => source === "always");
  }
  /** To be called every second; interval decorators run on whole minutes only. */
  tick(unixSeconds) {
    if (unixSeconds % 60 === 0) this.run((source) => typeof source === "number" && unixSeconds % source === 0);
  }
  /** The columns in force, sorted by name. */
  current() {
    const all = [...this.values.values()].flatMap((row) => Object.entries(row));
    return Object.fromEntries(all.sort(([a], [b]) => a < b ? -1 : 1));
  }
  add(source, list2) {
    for (const sql of Array.isArray(list2) ? list2 : []) {
      if (typeof sql === "string") this.queries.push({ source, sql });
    }
  }
  run(due) {
    for (const { source, sql } of this.queries.filter((query) => due(query.source))) {
      const answer = this.worker.host.query(sql, this.worker.facts());
      if (answer.ok && answer.rows[0]) this.values.set(`${source} ${sql}`, answer.rows[0]);
    }
  }
};

// lib/agent/osquery/distributed.ts
import { createHash as createHash4 } from "node:crypto";
var ACCELERATED_SECONDS = 5;
var BODY_COPIES = 3;
var DistributedRunner = class {
  constructor(worker, client, { logger, watchdog, durationMs }) {
    this.worker = worker;
    this.client = client;
    this.logger = logger;
    this.watchdog = watchdog;
    this.durationMs = durationMs;
  }
  worker;
  client;
  logger;
  watchdog;
  durationMs;
  results = [];
  /** What the held results take, in bytes. */
  heldBytes = 0;
  /** What the last run of each id cost; lost with the results. */
  stats = /* @__PURE__ */ new Map();
  /** Runs until the worker ends. The pause comes after the work. */
  async run() {
    const { clock, flags, signal, store } = this.worker;
    for (; ; ) {
      await this.read();
      for (const id of [...store.pendingQueries.keys()].sort(bytewise)) await this.execute(id);
      if (this.results.length > 0) await this.write();
      this.forgetExpiredMarks();
      const accelerated = unixTime(clock) <= (store.accelerateUntil ?? 0);
      const pauseSeconds = accelerated ? ACCELERATED_SECONDS : flags.get("distributed_interval");
      await clock.sleep(pauseSeconds * 1e3, signal);
    }
  }
  async read() {
    const attempts = this.worker.flags.get("distributed_tls_max_attempts");
    const reply = await this.client.goN({ endpoint: "read", members: "" }, attempts);
    if ("document" in reply && reply.document instanceof JsonObject) this.accept(reply.document);
  }
  /** Takes work over as far as it is well formed: nothing if discovery fails, else up to the first bad entry. */
  accept(document2) {
    const { notify, store } = this.worker;
    const accepted2 = [];
    try {
      const wanted = this.discover(document2.get("discovery"));
      for (const [id, sql] of entriesOf(document2.get("queries"))) {
        if (wanted.get(id) === false) notify({ kind: "discovery-skipped", id });
        else {
          store.pendingQueries.set(id, sql);
          accepted2.push(id);
        }
      }
      notify({ kind: "polled", queries: accepted2, accelerateSeconds: this.accelerate(document2.get("accelerate")) });
    } catch (error) {
      if (!(error instanceof BadWork)) throw error;
      if (accepted2.length > 0) notify({ kind: "polled", queries: accepted2, accelerateSeconds: null });
      notify({ kind: "work-rejected", reason: error.message });
    }
  }
  /** Whether each id's discovery query returned a row. */
  discover(discovery) {
    const wanted = /* @__PURE__ */ new Map();
    for (const [id, sql] of entriesOf(discovery)) {
      if (this.worker.faults.crashDuring(sql)) throw new WorkerCrash(`watchdog: discovery ${id}`);
      const answer = this.query(sql);
      if (!answer.ok) throw new BadWork(`discovery query of ${id}: ${answer.message}`);
      if (!wanted.has(id)) wanted.set(id, answer.rows.length > 0);
    }
    return wanted;
  }
  accelerate(seconds) {
    if (!(seconds instanceof JsonNumber) || !seconds.isInt32) return null;
    const message = `Accelerating distributed query checkins for ${seconds.value} seconds`;
    this.logger.status(SEVERITY.info, "distributed.cpp:407", message);
    this.worker.store.accelerateUntil = unixTime(this.worker.clock) + seconds.value;
    return seconds.value;
  }
  /** A query leaves the database before it runs: it runs once or, if the worker dies, never. */
  async execute(id) {
    const { clock, faults, flags, notify, signal, store } = this.worker;
    const sql = store.pendingQueries.get(id) ?? "";
    store.pendingQueries.delete(id);
    const mark = createHash4("sha256").update(sql).digest("hex");
    if (this.denylisted(mark)) {
      this.results.push({ id, status: 1, message: "distributed query is denylisted", rows: [] });
      return notify({ kind: "query-denylisted", id, sql });
    }
    if (!store.running.has(mark)) store.running.set(mark, unixTime(clock));
    if (flags.get("distributed_loginfo")) {
      this.logger.status(SEVERITY.info, "distributed.cpp:192", `Executing distributed query: ${id}: ${sql}`);
    }
    const durationMs = this.durationMs(sql);
    await clock.sleep(durationMs, signal);
    if (faults.crashDuring(sql)) throw new WorkerCrash(`watchdog: distributed query ${id}`);
    const answer = this.query(sql);
    store.running.delete(mark);
    const message = answer.ok ? "" : answer.message;
    const rows = answer.ok ? answer.rows : [];
    if (!answer.ok) {
      this.logger.status(SEVERITY.error, "distributed.cpp:202", `Error executing distributed query: ${id}: ${message}`);
    }
    this.results.push({ id, status: answer.ok ? 0 : 1, message, rows });
    this.hold(this.heldBytes + memoryOf(rows));
    this.stats.set(id, {
      wall_time_ms: Math.round(durationMs),
      user_time: Math.round(durationMs / 2),
      system_time: 0,
      memory: 0
    });
    notify({ kind: "query-executed", id, sql, rows: rows.length, message, durationMs });
  }
  hold(bytes) {
    this.heldBytes = bytes;
    this.watchdog.holds("answers", bytes);
  }
  query(sql) {
    return this.worker.host.query(sql, this.worker.facts());
  }
  /** Everything held goes in one body; of two results for an id the later wins. On failure all is kept. */
  async write() {
    const { flags, notify, profile } = this.worker;
    const byId = (value) => mapOf(this.results.map((result) => [result.id, value(result)]));
    const ids = [...new Set(this.results.map(({ id }) => id))];
    const members2 = [
      `"queries":${byId(({ rows }) => rows)}`,
      `"statuses":${byId(({ status }) => profile.integerStatuses ? status : String(status))}`,
      ...profile.messages ? [`"messages":${byId(({ message }) => message)}`] : [],
      ...profile.stats ? [`"stats":${byId(({ id }) => this.stats.get(id) ?? {})}`] : []
    ].join(",");
    this.watchdog.holds("body", BODY_COPIES * members2.length);
    const reply = await this.client.goN({ endpoint: "write", members: members2 }, flags.get("distributed_tls_max_attempts"));
    this.watchdog.holds("body", 0);
    if ("failure" in reply) return notify({ kind: "results-kept", ids, reason: reply.failure });
    this.results = [];
    this.hold(0);
    this.stats.clear();
    notify({ kind: "results-written", ids });
  }
  /** A mark that is still there when its SQL comes again is that of a worker which died running it. */
  denylisted(mark) {
    const { profile, store } = this.worker;
    const startedAt = store.running.get(mark);
    return profile.denylist && startedAt !== void 0 && !this.expired(startedAt);
  }
  forgetExpiredMarks() {
    for (const [mark, startedAt] of this.worker.store.running) {
      if (this.expired(startedAt)) this.worker.store.running.delete(mark);
    }
  }
  expired(startedAt) {
    return unixTime(this.worker.clock) - startedAt > this.worker.flags.get("distributed_denylist_duration");
  }
};
var BadWork = class extends Error {
  name = "BadWork";
};
function* entriesOf(json3) {
  if (!(json3 instanceof JsonObject)) return;
  for (const [id, sql] of json3.members) {
    if (id === "" || typeof sql !== "string" || sql === "") throw new BadWork(`entry ${JSON.stringify(id)} is not SQL`);
    yield [id, sql];
  }
}
function mapOf(entries) {
  const members2 = [...new Map(entries)].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `{${members2.join(",")}}`;
}

// lib/agent/osquery/log-buffer.ts
var LogBuffer = class {
  constructor(store) {
    this.store = store;
  }
  store;
  /** Restarts with the process; unpadded, so the order within a second is not that of time. */
  lines = 0;
  add(type, line, unixSeconds) {
    this.store.logs.set(`${type === "result" ? "r" : "s"}_${unixSeconds}_${++this.lines}`, line);
  }
  /** The first `limit` keys there are, results before statuses. */
  first(limit) {
    const keys = [...this.store.logs.keys()].sort(bytewise).slice(0, limit);
    return { result: keys.filter((key) => key.startsWith("r")), status: keys.filter((key) => key.startsWith("s")) };
  }
  line(key) {
    return this.store.logs.get(key) ?? "";
  }
  delete(keys) {
    for (const key of keys) this.store.logs.delete(key);
  }
  /** Drops the oldest lines beyond `limit`; 0 keeps all. */
  purge(limit) {
    const excess = this.store.logs.size - limit;
    if (limit <= 0 || excess <= 0) return;
    const byAge = [...this.store.logs.keys()].sort((a, b) => bytewise(a.slice(2), b.slice(2)));
    this.delete(byAge.slice(0, excess));
  }
};

// lib/agent/osquery/log-forwarder.ts
var LogForwarder = class {
  constructor(worker, client, buffer, logger) {
    this.worker = worker;
    this.client = client;
    this.buffer = buffer;
    this.logger = logger;
  }
  worker;
  client;
  buffer;
  logger;
  backoffs = {
    result: { failures: 0, wait: 0 },
    status: { failures: 0, wait: 0 }
  };
  /** Runs until the worker ends. */
  async run() {
    const { clock, flags, signal } = this.worker;
    for (; ; ) {
      await this.check();
      do {
        await clock.sleep(flags.get("logger_tls_period") * 1e3, signal);
        this.tick();
      } while (this.backoffs.result.wait > 0 && this.backoffs.status.wait > 0);
    }
  }
  async check() {
    const { flags } = this.worker;
    const due = { result: this.backoffs.result.wait <= 0, status: this.backoffs.status.wait <= 0 };
    const keys = this.buffer.first(flags.get("logger_tls_max_lines"));
    for (const type of ["result", "status"]) {
      if (due[type] && keys[type].length > 0) await this.send(type, keys[type]);
    }
    this.buffer.purge(flags.get("buffered_log_max"));
  }
  async send(logType, keys) {
    const { flags, notify } = this.worker;
    const limit = flags.get("logger_tls_max_linesize");
    const lines = keys.map((key) => this.buffer.line(key)).filter((line) => this.fits(line, limit));
    const reply = await this.client.goN(
      {
        endpoint: "log",
        members: `"log_type":"${logType}","data":[${lines.join(",")}]`,
        keyFirst: true,
        gzip: flags.get("logger_tls_compress")
      },
      1
    );
    if ("failure" in reply) {
      this.fail(this.backoffs[logType]);
      notify({ kind: "log-kept", logType, lines: keys.length, reason: reply.failure });
      return;
    }
    this.buffer.delete(keys);
    this.backoffs[logType] = { failures: 0, wait: 0 };
    notify({ kind: "log-sent", logType, lines: lines.length });
  }
  /** A line that is too long stays behind with a warning, at each attempt, that does not name its query. */
  fits(line, limit) {
    const bytes = Buffer.byteLength(line);
    if (bytes <= limit) return true;
    this.logger.status(SEVERITY.warning, "tls_logger.cpp:141", `Linesize exceeds TLS logger maximum: ${bytes}`);
    return false;
  }
  fail(backoff) {
    const { flags, profile } = this.worker;
    const limit = flags.get("logger_tls_backoff_max");
    if (!profile.logBackoff || limit <= 0) return;
    backoff.failures++;
    backoff.wait = flags.get("logger_tls_period") * backoff.failures ** 2;
    if (backoff.wait > limit) {
      backoff.wait = limit;
      backoff.failures--;
    }
  }
  /** A period has passed. */
  tick() {
    const { flags } = this.worker;
    const period = flags.get("logger_tls_period");
    const off = flags.get("logger_tls_backoff_max") <= period;
    for (const type of ["result", "status"]) {
      const backoff = this.backoffs[type];
      if (off) this.backoffs[type] = { failures: 0, wait: 0 };
      else if (backoff.wait > 0) backoff.wait -= period;
    }
  }
};

// lib/agent/osquery/result-lines.ts
function difference(previous, sql, epoch, found2) {
  const rows = found2.map(escaped);
  if (!previous || previous.epoch !== epoch) {
    return { added: rows, removed: [], counter: 0, state: { sql, epoch, counter: 0, rows } };
  }
  const added = without(rows, previous.rows);
  const removed = without(previous.rows, rows);
  const changed = added.length > 0 || removed.length > 0;
  const counter = previous.counter + (changed ? 1 : 0);
  return { added, removed, counter: changed ? counter : 1, state: { sql, epoch, counter, rows } };
}
function eventLines(header, { added, removed, counter }) {
  const line = (action) => (row) => {
    const columns2 = Object.fromEntries(Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1));
    return JSON.stringify({ ...members(header, counter), columns: columns2, action });
  };
  return [...removed.map(line("removed")), ...added.map(line("added"))];
}
function batchLine(header, { added, removed, counter }) {
  return JSON.stringify({ diffResults: { removed, added }, ...members(header, counter) });
}
function snapshotLine(header, rows) {
  return JSON.stringify({ snapshot: rows, action: "snapshot", ...members(header, 0) });
}
function snapshotEventLines(header, rows) {
  return rows.map((columns2) => JSON.stringify({ ...members(header, 0), columns: columns2, action: "snapshot" }));
}
function members(header, counter) {
  const { decorations } = header;
  const decorated = Object.keys(decorations).length > 0;
  return {
    name: header.name,
    hostIdentifier: header.hostIdentifier,
    calendarTime: calendarTime(header.atMs),
    unixTime: Math.floor(header.atMs / 1e3),
    epoch: header.epoch,
    counter,
    numerics: false,
    ...decorated && !header.decorationsTopLevel ? { decorations } : {},
    ...decorated && header.decorationsTopLevel ? decorations : {}
  };
}
function without(rows, others) {
  const counts = /* @__PURE__ */ new Map();
  for (const row of others) counts.set(identity(row), (counts.get(identity(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const left = counts.get(identity(row)) ?? 0;
    if (left > 0) counts.set(identity(row), left - 1);
    return left === 0;
  });
}
function identity(row) {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1));
}
function escaped(row) {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value.replace(new RegExp("\\p{Cc}", "gu"), (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
    ])
  );
}

// lib/agent/osquery/scheduler.ts
var DENYLIST_SECONDS = 86400;
var Scheduler = class {
  constructor(worker, config, logger, decorators) {
    this.worker = worker;
    this.config = config;
    this.logger = logger;
    this.decorators = decorators;
  }
  worker;
  config;
  logger;
  decorators;
  /** Names that ran in this process. */
  ran = /* @__PURE__ */ new Set();
  /** Denylisted names this process has warned of. */
  warned = /* @__PURE__ */ new Set();
  discovered = /* @__PURE__ */ new Map();
  /** Counts seconds from now until the worker ends; a step that took long is made up for. */
  async run() {
    const { clock, signal } = this.worker;
    this.denylistFailed();
    const startedAtMs = clock.now();
    const first = unixTime(clock);
    for (let step = 0; ; step++) {
      this.step(first + step);
      await clock.sleep(startedAtMs + (step + 1) * 1e3 - clock.now(), signal);
    }
  }
  step(second) {
    for (const query of this.config.schedule) {
      assertRunning(this.worker.signal);
      const due = second % this.splayed(query) === 0 || query.atStart && !this.ran.has(query.name);
      if (due && !this.isDenylisted(query) && this.runsHere(query, second)) this.execute(query);
    }
    this.decorators.tick(second);
    if (second % 3 === 0) this.logger.relay();
  }
  /** A worker died while a query of the schedule ran: the next one skips that query for a day. */
  denylistFailed() {
    const { clock, flags, store } = this.worker;
    const { executing } = store;
    if (executing === void 0) return;
    store.executing = void 0;
    this.logger.status(SEVERITY.warning, "config.cpp:363", `Scheduled query may have failed: ${executing}`);
    if (!flags.get("disable_watchdog")) store.denylist.set(executing, unixTime(clock) + DENYLIST_SECONDS);
  }
  isDenylisted({ name, sql, denylist }) {
    const { clock, store } = this.worker;
    const until = store.denylist.get(name);
    if (until === void 0) return false;
    if (unixTime(clock) > until || !denylist || sql.includes("_events")) {
      this.logger.status(SEVERITY.info, "config.cpp:495", `Scheduled denylisted query has expired: ${name}`);
      store.denylist.delete(name);
      this.warned.delete(name);
      return false;
    }
    if (this.warned.has(name)) return true;
    this.warned.add(name);
    const message = `The caller does not want denied queries, skipping denied scheduled query: ${name}`;
    this.logger.status(SEVERITY.warning, "config.cpp:509", message);
    return true;
  }
  execute(query) {
    const { faults, host, notify, store } = this.worker;
    this.ran.add(query.name);
    this.decorators.beforeQuery();
    store.executing = query.name;
    if (faults.crashDuring(query.sql)) throw new WorkerCrash(`watchdog: scheduled query ${query.name}`);
    const answer = host.query(query.sql, this.worker.facts());
    store.executing = void 0;
    notify({
      kind: "schedule-executed",
      name: query.name,
      rows: answer.ok ? answer.rows.length : 0,
      message: answer.ok ? "" : answer.message
    });
    if (answer.ok) this.logger.results(this.linesOf(query, answer.rows));
    else {
      const message = `Error executing scheduled query ${query.name}: ${answer.message}`;
      this.logger.status(SEVERITY.error, "scheduler.cpp:133", message);
    }
  }
  linesOf(query, rows) {
    const { clock, flags, hostIdentifier, store } = this.worker;
    const epoch = flags.get("schedule_epoch");
    const header = {
      name: query.name,
      hostIdentifier,
      atMs: clock.now(),
      epoch,
      decorations: this.decorators.current(),
      decorationsTopLevel: flags.get("decorations_top_level")
    };
    if (query.snapshot) {
      const asEvents = flags.get("logger_snapshot_event_type");
      return asEvents ? snapshotEventLines(header, rows) : [snapshotLine(header, rows)];
    }
    const found2 = difference(store.queries.get(query.name), query.sql, epoch, rows);
    store.queries.set(query.name, found2.state);
    const reported = query.removed ? found2 : { ...found2, removed: [] };
    if (flags.get("logger_event_type")) return eventLines(header, reported);
    const silent = reported.added.length === 0 && reported.removed.length === 0 && reported.counter !== 0;
    return silent ? [] : [batchLine(header, reported)];
  }
  /** The interval this node keeps for the query: within `schedule_splay_percent` of what was asked. */
  splayed({ name, interval }) {
    const { flags, random, store } = this.worker;
    const kept = store.splays.get(name);
    if (kept?.interval === interval) return kept.splayed;
    const asked = flags.get("schedule_splay_percent");
    const percent = asked <= 1 ? 10 : asked;
    const splayed = splay(interval, percent, random.fork(`splay ${name} ${interval}`).next());
    store.splays.set(name, { interval, splayed });
    return splayed;
  }
  /** A pack's discovery queries must all return a row; the answer holds for `pack_refresh_interval`. */
  runsHere({ pack, discovery }, second) {
    if (pack === null || discovery.length === 0) return true;
    const known = this.discovered.get(pack);
    if (known && second - known.atSeconds < this.worker.flags.get("pack_refresh_interval")) return known.runs;
    const runs = discovery.every((sql) => {
      const answer = this.worker.host.query(sql, this.worker.facts());
      return answer.ok && answer.rows.length > 0;
    });
    this.discovered.set(pack, { atSeconds: second, runs });
    return runs;
  }
};
function splay(seconds, percent, chance) {
  const reach = Math.floor(seconds * percent / 100);
  const shortest = Math.max(1, seconds - reach);
  return shortest + Math.floor(chance * (seconds + reach - shortest + 1));
}

// lib/agent/osquery/worker.ts
var EXIT_WITHOUT_KEY = 78;
var Worker = class {
  life = stopper();
  context;
  client;
  config;
  logger;
  scheduler;
  forwarder;
  distributed;
  watchdog;
  startedAtMs;
  constructor({ context, server, transport, enrollSecret, queryDurationMs, nextCheckMs }) {
    this.startedAtMs = context.clock.now();
    this.context = { ...context, signal: this.life.signal, facts: () => this.facts() };
    const buffer = new LogBuffer(context.store);
    const decorators = new Decorators(this.context);
    this.client = new Client(this.context, server, transport, enrollSecret);
    this.logger = new Logger(this.context, buffer, decorators);
    this.config = new ConfigKeeper(this.context, this.client, decorators, this.logger);
    this.scheduler = new Scheduler(this.context, this.config, this.logger, decorators);
    this.forwarder = new LogForwarder(this.context, this.client, buffer, this.logger);
    this.watchdog = new Watchdog(this.context, nextCheckMs, this.startedAtMs);
    const { watchdog } = this;
    const host = { logger: this.logger, watchdog, durationMs: queryDurationMs };
    this.distributed = new DistributedRunner(this.context, this.client, host);
  }
  /**
   * Runs until {@link end}.
   *
   * @throws {WorkerCrash} when the process died, {WatchdogStop} when the watchdog ends it, {OsqueryExit} when osqueryd
   * gave up
   */
  async run() {
    try {
      await this.startUp();
      const threads = [this.config.run(), this.forwarder.run(), this.scheduler.run(), this.watchdog.run()];
      if (!this.context.flags.get("disable_distributed")) threads.push(this.distributed.run());
      await Promise.all(threads);
    } catch (error) {
      if (!(error instanceof Stopped && this.life.signal.aborted)) throw error;
    } finally {
      this.end();
    }
  }
  /** Ends every thread where it stands. */
  end() {
    this.life.abort();
  }
  /** osquery's order: key, configuration, logger (which wants a key and asks twice). */
  async startUp() {
    await this.client.keys.key();
    await this.config.fetch();
    const key = await this.client.keys.key() || await this.client.keys.key();
    if (key === "" && !this.context.flags.get("disable_enrollment")) throw new OsqueryExit(EXIT_WITHOUT_KEY);
    this.logger.status(SEVERITY.info, "init.cpp:412", `osquery ${this.context.profile.version} started`);
  }
  facts() {
    return {
      version: this.context.profile.version,
      instanceUuid: this.context.store.instanceUuid,
      configHash: this.config.hash,
      configValid: this.config.valid,
      startedAtMs: this.startedAtMs
    };
  }
};

// lib/agent/osquery/agent.ts
var EXIT_FAILURE = 1;
var DEFAULT_ENDPOINTS = {
  enroll: "/v1/enroll",
  config: "/v1/config",
  log: "/v1/log",
  read: "/v1/distributed/read",
  write: "/v1/distributed/write"
};
var SimulatedAgent = class {
  hostIdentifier;
  faults;
  options;
  profile;
  transport;
  store;
  stores = 0;
  life;
  worker;
  random;
  durations;
  constructor(options) {
    this.options = options;
    this.hostIdentifier = options.hostIdentifier ?? options.host.instanceId;
    this.faults = options.faults ?? new Faults();
    this.profile = profileOf(options.version ?? LATEST_VERSION);
    this.transport = options.transport ?? new HttpsTransport(required(options.ca));
    this.random = options.random.fork(`agent ${this.hostIdentifier}`);
    this.durations = this.random.fork("query durations");
    this.store = this.emptyStore();
    options.host.off.addEventListener("abort", () => this.stop(), { once: true });
  }
  /** Starts osqueryd, which ends with its host. Does nothing if it runs or its host is down. */
  start() {
    if (this.life || this.options.host.down) return;
    const stop = stopper();
    this.life = { stop, ended: this.supervise(stop.signal) };
    this.notify({ kind: "started" });
  }
  /** Stops osqueryd: results not yet written are lost, the database stays. */
  async stop() {
    const life = this.life;
    if (!life) return;
    this.life = void 0;
    life.stop.abort();
    this.worker?.end();
    await life.ended;
    this.notify({ kind: "stopped" });
  }
  /** Kills the worker; the watcher notices it within 3 s. */
  crash(reason = "killed") {
    if (!this.worker) return;
    this.worker.end();
    this.notify({ kind: "crashed", reason });
  }
  /** A graceful restart of the service. */
  async restart() {
    await this.stop();
    this.start();
  }
  /** Loses the database, and so key and instance id, and starts anew if it was running. */
  async wipe() {
    const wasRunning = this.life !== void 0;
    await this.stop();
    this.store = this.emptyStore();
    this.notify({ kind: "wiped" });
    if (wasRunning) this.start();
  }
  /** What the node's database holds; for tests. */
  get database() {
    return this.store;
  }
  /** The watcher: a worker after another until the service stops or osqueryd exits. */
  async supervise(stop) {
    const { clock } = this.options;
    const watcher = new Watcher();
    while (!stop.aborted) {
      watcher.started(clock.now());
      this.worker = this.newWorker(watcher);
      const death = await this.deathOf(this.worker);
      this.worker = void 0;
      if (death.exit !== void 0) return this.exited(death.exit);
      if (stop.aborted) return;
      if (death.reason !== void 0) this.notify({ kind: "crashed", reason: death.reason });
      if (death.killed)
        await this.pause(1e3 * new Flags(this.options.flags).get("watchdog_forced_shutdown_delay"), stop);
      const delayMs = watcher.respawnAfterMs(clock.now(), death.killed);
      if (delayMs === void 0) return this.exited(EXIT_FAILURE);
      await this.pause(delayMs, stop);
    }
  }
  /** Runs a worker to its end. Without a reason something else has told of it. */
  async deathOf(worker) {
    try {
      await worker.run();
      return { killed: false };
    } catch (error) {
      if (error instanceof OsqueryExit) return { killed: false, exit: error.code };
      if (error instanceof WatchdogStop) return { killed: true, reason: error.message };
      if (error instanceof WorkerCrash) return { killed: false, reason: error.message };
      throw error;
    }
  }
  exited(code) {
    this.life = void 0;
    this.notify({ kind: "exited", code });
  }
  pause(ms, stop) {
    return unlessStopped(this.options.clock.sleep(ms, stop), stop);
  }
  newWorker(watcher) {
    const { clock, enrollSecret, endpoints, flags, host, queryDurationMs, url } = this.options;
    return new Worker({
      context: {
        host,
        hostIdentifier: this.hostIdentifier,
        clock,
        random: this.random,
        store: this.store,
        flags: new Flags(flags),
        profile: this.profile,
        faults: this.faults,
        notify: (notice) => this.notify(notice)
      },
      server: { url, endpoints: { ...DEFAULT_ENDPOINTS, ...endpoints } },
      transport: this.transport,
      enrollSecret,
      nextCheckMs: (nowMs) => watcher.nextCheckMs(nowMs),
      queryDurationMs: queryDurationMs ?? (() => this.durations.integer(1, 20))
    });
  }
  emptyStore() {
    return new AgentStore(this.random.fork(`database ${this.stores++}`));
  }
  notify(notice) {
    this.options.on?.({ ...notice, host: this.hostIdentifier, atMs: this.options.clock.now() });
  }
};
function required(ca) {
  if (ca === void 0) throw new Error("a simulated agent needs `ca`, the PEM text of the authority to trust");
  return ca;
}

// lib/agent/random.ts
var Random = class _Random {
  constructor(seed) {
    this.seed = seed;
    this.state = hash(String(seed));
  }
  seed;
  state;
  /**
   * An independent source, named by its use: what one part of the simulation draws never shifts what
   * another part gets.
   */
  fork(use) {
    return new _Random(`${this.seed}/${use}`);
  }
  /** A number in [0, 1): mulberry32. */
  next() {
    this.state = this.state + 1831565813 | 0;
    let t2 = Math.imul(this.state ^ this.state >>> 15, 1 | this.state);
    t2 = t2 + Math.imul(t2 ^ t2 >>> 7, 61 | t2) ^ t2;
    return ((t2 ^ t2 >>> 14) >>> 0) / 4294967296;
  }
  /** A number in [low, high). */
  between(low, high) {
    return low + this.next() * (high - low);
  }
  /** A whole number in [low, high], both included. */
  integer(low, high) {
    return Math.floor(this.between(low, high + 1));
  }
  /** True with the given probability. */
  chance(probability) {
    return this.next() < probability;
  }
  /** One of `items`, which holds at least one. */
  pick(items) {
    return items[this.integer(0, items.length - 1)] ?? items[0];
  }
  /** Lower-case hexadecimal digits. */
  hex(digits) {
    let text2 = "";
    while (text2.length < digits) text2 += this.integer(0, 65535).toString(16).padStart(4, "0");
    return text2.slice(0, digits);
  }
  /** A version 4 UUID. */
  uuid() {
    const variant = "89ab"[this.integer(0, 3)];
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${variant}${this.hex(3)}-${this.hex(12)}`;
  }
  /** A draw from the standard normal distribution (Box-Muller). */
  normal() {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
};
function hash(text2) {
  let h = 2166136261;
  for (let i = 0; i < text2.length; i++) h = Math.imul(h ^ text2.charCodeAt(i), 16777619);
  h = Math.imul(h ^ h >>> 16, 2246822507);
  h = Math.imul(h ^ h >>> 13, 3266489909);
  return h ^ h >>> 16;
}

// lib/core/arn.ts
function placeOf(arn) {
  const [, partition = "", , region = "", account = ""] = arn.split(":");
  return { partition, region, account };
}

// lib/core/ledger/ignored.ts
var IGNORE_TAG = "tag:mayfly:ignore";
var CLOSED = /^([a-z-]+\.)?lambda\.amazonaws\.com$/;
var isIgnored = (identity2) => identity2[IGNORE_TAG] === "true" || CLOSED.test(identity2.managed_by ?? "");

// lib/core/ledger/workload.ts
var TROUBLES = [
  "denylisted",
  "query-failed",
  "no-row",
  "too-large",
  "unsafe-id",
  "limited",
  "unanswered",
  "host-gone",
  "agent-silent",
  "expired"
];
var BEFORE_RUNNING = /* @__PURE__ */ new Set(["PROVISIONING", "PENDING", "ACTIVATING", "pending"]);
var HANDLED_WITHIN_MS = 20 * 6e4;
var LOST_AFTER_MS = 24 * 36e5;
var isLost = ({ stopped, lastSignAtMs }, nowMs) => !stopped && nowMs >= lastSignAtMs + LOST_AFTER_MS;
function verdictOf(record2, nowMs) {
  const verdict = ofFacts(record2, nowMs);
  return verdict.verdict === "missed" && isIgnored(record2.identity) ? { verdict: "ignored" } : verdict;
}
function ofFacts(record2, nowMs) {
  const { subjects, handling, containers: containers2 } = record2;
  const lost = isLost(record2, nowMs);
  if (isComing(record2) && !lost) return { verdict: "pending" };
  if (!hasUnsafeId(record2) && subjects.length > 0) {
    const essential = essentialOf(record2);
    const isSeen = (id) => record2.seenLive.includes(id);
    if (essential.every(isSeen)) return { verdict: "seen" };
    if (essential.every((id) => isSeen(id) || record2.seenPostMortem.includes(id))) return { verdict: "post-mortem" };
  }
  if (hasUnsafeId(record2)) return { verdict: "missed", reason: "unsafe-id" };
  if (record2.stopped && subjects.length === 0) {
    const ran = record2.times?.startedAtMs !== void 0 || containers2.some(({ exitCode }) => exitCode !== void 0);
    return ran ? { verdict: "missed", reason: "no-id" } : { verdict: "never-started" };
  }
  if (record2.handledVersion < record2.version) return unless(nowMs < record2.receivedAtMs + HANDLED_WITHIN_MS);
  if (BEFORE_RUNNING.has(record2.lastStatus)) return unless(!lost);
  const isDeserted = record2.troubles.includes("host-gone");
  const settleByMs = handling?.settleByMs ?? 0;
  if (nowMs < awaitedUntilMs(record2) && !isDeserted) return { verdict: "pending" };
  if (!handling?.host && record2.deliveredAtMs === void 0) return { verdict: "missed", reason: "no-host" };
  const trouble = worst(record2);
  if (settleByMs === 0) {
    if (record2.stopped || record2.kind === "ec2-instance" || isDeserted)
      return { verdict: "missed", reason: trouble ?? "not-asked" };
    return unless(!lost);
  }
  const reached = handling?.enrolled || record2.deliveredAtMs !== void 0;
  if (!reached && (trouble === void 0 || trouble === "host-gone" || trouble === "expired"))
    return { verdict: "missed", reason: record2.kind === "ec2-instance" ? "no-agent" : "not-enrolled" };
  return { verdict: "missed", reason: trouble ?? "agent-silent" };
}
function awaitedUntilMs({ handling, alsoAsked, closed }) {
  const { asked = [], settleByMs = 0 } = handling ?? {};
  const provable = [...asked, ...alsoAsked].filter(({ answerByMs }) => answerByMs !== void 0);
  if (provable.length === 0) return settleByMs;
  const open = provable.filter(({ queryId }) => !closed.includes(queryId));
  return Math.min(settleByMs, Math.max(0, ...open.map(({ answerByMs = 0 }) => answerByMs)));
}
var isComing = ({ stopped, containers: containers2 }) => !stopped && containers2.some(
  (container) => isEssential(container) && container.runtimeId === void 0 && !container.unsafeId && container.lastStatus !== "STOPPED"
);
var hasUnsafeId = ({ containers: containers2 }) => containers2.some((container) => isEssential(container) && container.unsafeId);
var isEssential = ({ essential, endedFirst }) => essential !== false && !endedFirst;
function essentialOf({ subjects, containers: containers2 }) {
  const optional2 = new Set(containers2.flatMap((one) => !isEssential(one) && one.runtimeId ? [one.runtimeId] : []));
  const essential = subjects.filter((id) => !optional2.has(id));
  return essential.length > 0 ? essential : subjects;
}
var unless = (open) => open ? { verdict: "pending" } : { verdict: "missed", reason: "lost-track" };
var worst = ({ troubles }) => TROUBLES.find((trouble) => troubles.includes(trouble));

// lib/core/nodes/node.ts
var MOST_TWINS = 8;
var NODE_TTL_MS = 7 * 24 * 36e5;
var REVOKED_TTL_MS = 90 * 24 * 36e5;
var SEEN_EVERY_MS = 5 * 6e4;
var SILENT_AFTER_MS = 3 * SEEN_EVERY_MS;
var GRACE_MS = 10 * 6e4;
var lives = (node, nowMs) => node !== void 0 && node.expiresAtMs > nowMs && node.endedAtMs === void 0;
function accepts(node, epoch, nowMs) {
  if (!lives(node, nowMs)) return false;
  return node.epoch === epoch || node.previousEpoch === epoch && (node.previousUntilMs ?? 0) > nowMs;
}
function accelerateSeconds(node, nowMs) {
  const left = Math.ceil(((node?.hotUntilMs ?? 0) - nowMs) / 1e3);
  return left > 0 ? left : void 0;
}

// lib/core/osquery/request-body.ts
import { constants, createGunzip, gunzipSync as gunzipSync2 } from "node:zlib";

// lib/core/errors.ts
var MayflyError = class extends Error {
  name = "MayflyError";
  code;
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
};

// lib/core/text.ts
var ESCAPE = /\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u([dD][89a-fA-F][0-9a-fA-F]{2})|\\[\s\S]/g;
var SURROGATE = /\\u[dD][89a-fA-F]/;
function parseJson2(text2) {
  const whole = SURROGATE.test(text2) ? text2.replace(ESCAPE, (written, half) => half === void 0 ? written : "\\ufffd") : text2;
  return JSON.parse(whole);
}
var cut = (text2, length) => text2.slice(0, length).toWellFormed();

// lib/core/osquery/json-bounds.ts
var QUOTE = 34;
var COMMA = 44;
var BACKSLASH = 92;
function beyondBounds(text2, { maxValues, maxDepth }) {
  let values = 1;
  let depth = 0;
  for (let at2 = 0; at2 < text2.length; at2++) {
    const byte = text2[at2];
    if (byte === QUOTE) at2 = endOfString(text2, at2 + 1);
    else if (isClosing(byte)) depth--;
    else if (byte === COMMA || isOpening(byte)) {
      if (++values > maxValues) return `it holds more than ${maxValues} values`;
      if (byte !== COMMA && ++depth > maxDepth) return `it is nested deeper than ${maxDepth} levels`;
    }
  }
  return void 0;
}
function endOfString(text2, from2) {
  let at2 = from2;
  while (at2 < text2.length && text2[at2] !== QUOTE) at2 += text2[at2] === BACKSLASH ? 2 : 1;
  return at2;
}
var isOpening = (byte) => byte === 91 || byte === 123;
var isClosing = (byte) => byte === 93 || byte === 125;

// lib/core/osquery/request-body.ts
var MAX_INFLATED_BYTES = 10 * 1024 * 1024;
var WINDOW_BYTES = 48 * 1024;
var PACKED_WINDOW_BYTES = 3 * 1024;
var MAX_CLAIMS = 4;
var NODE_KEY_MEMBER = /"node_key"\s{0,8}:\s{0,8}"([^"\\]{0,1600})"/g;
var MAX_KEPT_BYTES = 72e4;
var RequestBody = class _RequestBody {
  work = { decodedBytes: 0, inflatedBytes: 0, parsedBytes: 0 };
  #text;
  #encoding;
  #bytes;
  /** @param text as the front hands it over; base64 without line breaks */
  constructor(text2, encoding) {
    this.#text = text2;
    this.#encoding = encoding;
  }
  /** A body that is at hand as bytes. */
  static of(bytes) {
    return new _RequestBody(bytes.toString("base64"), "base64");
  }
  get bytes() {
    this.#bytes ??= this.#decoded(0, this.#text.length);
    return this.#bytes;
  }
  get size() {
    return Buffer.byteLength(this.#text, this.#encoding);
  }
  /** By its magic: a proxy may drop the header that says so. */
  get isGzip() {
    const [first, second] = this.#decoded(0, 4);
    return first === 31 && second === 139;
  }
  /**
   * What stands as `node_key` near either end, the likeliest first; empty where nothing does. osquery writes the key as the
   * last member, but as the first of a log body in gzip (docs/spec/osquery-protocol.md §8). Only a parsed body says
   * which of them is the request's.
   *
   * @param inflate whether to inflate the beginning of a gzip body
   */
  async claimedKeys(inflate) {
    if (this.isGzip) return inflate ? keysIn(await this.#inflatedStart()).slice(0, MAX_CLAIMS) : [];
    const units = this.#encoding === "base64" ? WINDOW_BYTES / 3 * 4 : WINDOW_BYTES;
    const isShort = this.#text.length <= 2 * units;
    const [start, end] = isShort ? [[], keysIn(this.bytes)] : [keysIn(this.#decoded(0, units)), keysIn(this.#decoded(this.#text.length - units, this.#text.length))];
    const all = [...start, ...end];
    return [.../* @__PURE__ */ new Set([...all.slice(-MAX_CLAIMS).reverse(), ...all.slice(0, MAX_CLAIMS)])];
  }
  /**
   * The body as JSON. Bytes that are not UTF-8 become replacement characters, because distributed rows are sent raw
   * (docs/spec/osquery-protocol.md §2.6).
   *
   * @throws {MayflyError} `BODY_UNREADABLE` or `BODY_TOO_LARGE`
   */
  document(bounds) {
    const text2 = this.isGzip ? this.#inflated(bounds.maxInflatedBytes) : this.#plain(bounds.maxBytes);
    const problem = beyondBounds(text2, bounds);
    if (problem) throw new MayflyError("BODY_TOO_LARGE", `the body is not parsed: ${problem}`);
    this.work.parsedBytes += text2.length;
    try {
      return parseJson2(text2.toString("utf8"));
    } catch (cause) {
      throw new MayflyError("BODY_UNREADABLE", `the body is not JSON (${this.size} bytes)`, { cause });
    }
  }
  /**
   * The body as people may look at it later: its beginning, inflated where it can be, and without the node keys that are in
   * it, since a key opens its node's queue.
   */
  async keepsake() {
    const readable = (await this.#readable()).subarray(0, MAX_KEPT_BYTES);
    return Buffer.from(readable.toString("latin1").replace(NODE_KEY, "mf1.redacted"), "latin1");
  }
  async #readable() {
    if (!this.isGzip) return this.bytes;
    try {
      return this.#inflated(MAX_INFLATED_BYTES);
    } catch (error) {
      const isLarge = error instanceof MayflyError && error.code === "BODY_TOO_LARGE";
      return isLarge ? this.#inflatedStart() : this.bytes;
    }
  }
  #decoded(from2, to) {
    const start = this.#encoding === "base64" ? from2 - from2 % 4 : from2;
    const bytes = Buffer.from(this.#text.slice(start, to), this.#encoding);
    this.work.decodedBytes += bytes.length;
    return bytes;
  }
  #plain(maxBytes) {
    if (this.size > maxBytes) throw new MayflyError("BODY_TOO_LARGE", `the body is larger than ${maxBytes} bytes`);
    return this.bytes;
  }
  #inflated(maxBytes) {
    if (maxBytes === 0) throw new MayflyError("BODY_UNREADABLE", "gzip is only taken for logs");
    try {
      const bytes = gunzipSync2(this.bytes, { maxOutputLength: maxBytes });
      this.work.inflatedBytes += bytes.length;
      return bytes;
    } catch (cause) {
      const large = cause.code === "ERR_BUFFER_TOO_LARGE";
      if (large) this.work.inflatedBytes += maxBytes;
      throw large ? new MayflyError("BODY_TOO_LARGE", `the gzip body grows beyond ${maxBytes} bytes`, { cause }) : new MayflyError("BODY_UNREADABLE", "the body starts like gzip and is not", { cause });
    }
  }
  /** The first 48 KiB at most; empty where it is no gzip. Not inflated further than that, however much would follow. */
  async #inflatedStart() {
    const gunzip = createGunzip({ chunkSize: WINDOW_BYTES, finishFlush: constants.Z_SYNC_FLUSH });
    gunzip.end(this.#decoded(0, PACKED_WINDOW_BYTES / 3 * 4));
    try {
      for await (const chunk of gunzip) {
        this.work.inflatedBytes += chunk.length;
        return chunk;
      }
    } catch {
    }
    return Buffer.alloc(0);
  }
};
var NODE_KEY = /mf1\.[0-9a-z]{1,11}\.[A-Za-z0-9_-]{1,1400}\.[A-Za-z0-9_-]{43}/g;
var keysIn = (text2) => [...text2.toString("latin1").matchAll(NODE_KEY_MEMBER)].map(([, key = ""]) => key);

// lib/core/queue/pending-query.ts
var ANSWER_GRACE_MS = 3 * 6e4;
var keyOf = ({ host, priority, queryId, set, evidence, expiresAtMs }) => ({
  host,
  priority,
  queryId,
  set,
  answerByMs: evidence && expiresAtMs + ANSWER_GRACE_MS
});
var uniqueKeys = (keys) => [
  ...new Map(keys.map((key) => [`${key.host} ${key.priority} ${key.queryId}`, key])).values()
];

// lib/core/queue/move.ts
async function moveWaiting(name, host, deps) {
  if (name === host) return;
  const { pending } = await deps.queue.open(name, true);
  await move(pending, host, name, deps);
}
async function moveNamed(name, from2, to, deps) {
  if (from2 === to) return;
  const { pending } = await deps.queue.open(from2, true);
  const meant = pending.filter(({ alias, workload }) => alias === name || workload === name);
  await move(meant, to, name, deps);
}
async function move(pending, host, name, deps) {
  const { queue, ledger } = deps;
  const alias = name === host ? void 0 : name;
  for (const query of pending) await queue.enqueue({ ...query, host, alias });
  for (const workload of new Set(pending.flatMap((query) => query.workload ?? [])))
    await ledger.foundHost(workload, host);
  await queue.remove(pending.map(keyOf));
}

// lib/core/nodes/host-identifier.ts
var INSTANCE_ID = /^i-[0-9a-f]+$/i;
var TWIN = /~[0-9a-f]{8}$/;
var INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
var identifierOf = (host) => host.replace(TWIN, "");
var looksLikeInstance = (name) => INSTANCE_ID.test(name);
function identifierProblem(text2) {
  if (text2.length < 1 || text2.length > 255) return "it has to have 1 to 255 characters";
  if (new RegExp("\\p{Surrogate}", "u").test(text2)) return "it holds half a character";
  if (INVISIBLE.test(text2)) return "it holds control or invisible characters";
  if (/^arn:/i.test(text2)) return "it looks like an ARN";
  if (TWIN.test(text2)) return "it ends like the names that Mayfly gives to second agents (~ and 8 hex digits)";
  return void 0;
}

// lib/core/nodes/twins.ts
import { createHash as createHash5 } from "node:crypto";
var areTwoMachines = (one, other) => one.uuid !== "" && other.uuid !== "" && one.uuid !== other.uuid;
var areOneMachine = (one, other) => one.uuid !== "" && one.uuid === other.uuid;
function isSameAgent(one, other) {
  if (areTwoMachines(one, other)) return false;
  if (one.agentInstance !== "" || other.agentInstance !== "") return one.agentInstance === other.agentInstance;
  return one.uuid === other.uuid;
}
function twinName(identifier, holder, identity2) {
  const { uuid, agentInstance } = identity2;
  const digest3 = (text2) => createHash5("sha256").update(text2).digest("hex").slice(0, 8);
  if (areTwoMachines(holder, identity2)) return `${identifier}~${digest3(uuid)}`;
  return uuid + agentInstance === "" ? void 0 : `${identifier}~${digest3(`${uuid} ${agentInstance}`)}`;
}
var MISSED_POLLS = 3;
var LEAST_MS = 2 * 6e4;
var contestMsOf = (intervalSeconds) => Math.max(LEAST_MS, MISSED_POLLS * intervalSeconds * 1e3);
var isContested = ({ contestedAtMs, lastSeenMs }) => contestedAtMs !== void 0 && lastSeenMs <= contestedAtMs;
var isLost2 = (node, contestMs, nowMs) => isContested(node) && nowMs - (node.contestedAtMs ?? nowMs) >= contestMs;
var isHeard = (node, nowMs) => lives(node, nowMs) && nowMs - node.lastSeenMs < SILENT_AFTER_MS;
function chooseAgent(holder, twins, nowMs) {
  const heard = [holder, ...twins].filter((node) => isHeard(node, nowMs) && !isLost2(node, LEAST_MS, nowMs));
  return heard.find(({ seesContainersAtMs }) => seesContainersAtMs !== void 0) ?? heard[0] ?? holder;
}

// lib/core/nodes/host-of.ts
function decideHost({ name, own, alias, aliased }, nowMs) {
  if (!alias || alias.host === name) return { host: name };
  const wrong = { host: name, wrong: alias.host };
  const isOwn = own !== void 0 && own.endedAtMs === void 0 && own.expiresAtMs > nowMs;
  if (isOwn && own.attested) return wrong;
  const isAliased = aliased !== void 0 && aliased.endedAtMs === void 0 && aliased.expiresAtMs > nowMs;
  if (isAliased && aliased.instanceId !== void 0 && aliased.instanceId !== name) return wrong;
  if (isAliased && aliased.attested && alias.toldBy === "attestation") return { host: alias.host };
  return isOwn ? wrong : { host: alias.host };
}
async function hostOf(name, deps) {
  const seen = await look(name, deps, false);
  if (seen.decision.wrong === void 0) return seen.resolved;
  const { decision, resolved } = await look(name, deps, true);
  const { host, wrong } = decision;
  if (wrong === void 0) return resolved;
  await moveNamed(name, wrong, host, deps);
  await deps.aliases.forget(name, wrong);
  deps.report("alias_corrected", { alias: name, wrong, host });
  return resolved;
}
async function look(name, { registry, aliases, now }, consistent) {
  const [own, alias] = await Promise.all([registry.find(name, consistent), aliases.find(name, consistent)]);
  const aliased = alias && alias.host !== name ? await registry.find(alias.host, consistent) : void 0;
  const decision = decideHost({ name, own, alias, aliased }, now());
  const holder = decision.host === name ? own : aliased;
  const twins = await Promise.all((holder?.twins ?? []).map((twin) => registry.find(twin, consistent)));
  const found2 = twins.filter((twin) => twin !== void 0);
  const node = holder && chooseAgent(holder, found2, now());
  const host = node?.host ?? decision.host;
  return { decision, resolved: { host, node, alias: host === name ? void 0 : name } };
}
async function standsFor(name, host, deps) {
  return (await look(name, deps, true)).decision.host === identifierOf(host);
}

// lib/core/ledger/review.ts
var MINUTE_MS = 6e4;
var AGES = {
  "15m": 15 * MINUTE_MS,
  "4h": 4 * 60 * MINUTE_MS,
  "25h": 25 * 60 * MINUTE_MS
};
var AGAIN_MS = 24 * 60 * MINUTE_MS;
var REVIEWED_WITHIN_MS = 20 * 60 * MINUTE_MS;
var SLICE_MS = 5 * MINUTE_MS;
async function tellOfEnd(record2, settleByMs, { ledger, now }) {
  if (record2.stopped && now() - record2.firstReceivedAtMs > REVIEWED_WITHIN_MS)
    await ledger.lookAgain(record2.workload, Math.max(settleByMs, now()));
}

// lib/core/queue/ask.ts
import { createHash as createHash6 } from "node:crypto";

// lib/core/policy/binding.ts
import { search } from "@aws-lambda-powertools/jmespath";

// lib/core/sql/literal.ts
var LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
function sqlLiteral(value) {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new MayflyError("SQL_VALUE_UNSAFE", `${value} has no SQL literal`);
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (value.includes("\0")) throw new MayflyError("SQL_VALUE_UNSAFE", "a text value holds NUL");
  if (LONE_SURROGATE.test(value)) throw new MayflyError("SQL_VALUE_UNSAFE", "a text value holds half a character");
  return `'${value.replaceAll("'", "''")}'`;
}

// lib/core/sql/render.ts
var TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|:([A-Za-z_][A-Za-z0-9_]*)/g;
function renderSql(template, bindings) {
  const used = /* @__PURE__ */ new Set();
  const sql = template.replace(TOKEN, (token, name) => {
    if (name === void 0) return token;
    const value = Object.hasOwn(bindings, name) ? bindings[name] : void 0;
    if (value === void 0) throw new MayflyError("SQL_PLACEHOLDER_UNBOUND", `:${name} has no binding`);
    used.add(name);
    if (!Array.isArray(value)) return sqlLiteral(value);
    return value.length === 0 ? "NULL" : value.map(sqlLiteral).join(", ");
  });
  const idle = Object.keys(bindings).find((name) => !used.has(name));
  if (idle !== void 0) throw new MayflyError("SQL_BINDING_UNUSED", `the SQL has no :${idle}`);
  return sql;
}

// lib/core/policy/binding.ts
var SAFE_ID = /^(?!(?:__proto__|constructor)$)[A-Za-z0-9_.-]{1,255}$/;
function bind(query, trigger, listsAreIds2) {
  const bindings = {};
  const refused2 = [];
  for (const [placeholder2, expression] of Object.entries(query.bind)) {
    const value = listOrScalar(expression, trigger);
    const fail2 = (problem) => ({ ok: false, problem, placeholder: placeholder2 });
    if (value === void 0 || value === null) return fail2("binding-empty");
    if (value === TOO_LARGE) return fail2("too-large");
    if (!Array.isArray(value)) {
      if (!isScalar(value)) return fail2("binding-not-scalar");
      bindings[placeholder2] = value;
      continue;
    }
    const present = value.filter((item) => item !== null && item !== void 0);
    if (!present.every(isScalar)) return fail2("binding-not-scalar");
    if (present.length === 0) return fail2("binding-empty");
    const safe = [];
    for (const item of present) {
      if (!listsAreIds2 || SAFE_ID.test(String(item))) safe.push(item);
      else refused2.push(String(item));
    }
    if (safe.length === 0) return fail2("unsafe-id");
    bindings[placeholder2] = [...new Set(safe)];
  }
  const placeholder = Object.keys(query.bind).join(", ");
  if (!Object.values(bindings).flat().every(isStorable)) return { ok: false, problem: "unsafe-value", placeholder };
  try {
    const sql = renderSql(query.sql, bindings);
    if (Buffer.byteLength(sql) > MAX_SQL_BYTES) return { ok: false, problem: "too-large", placeholder };
  } catch {
    return { ok: false, problem: "unsafe-value", placeholder };
  }
  return { ok: true, bindings, refused: refused2 };
}
var MAX_SQL_BYTES = 64 * 1024;
var MAX_VALUES = MAX_SQL_BYTES / 4;
var TOO_LARGE = /* @__PURE__ */ Symbol("a list of very many values");
function listOrScalar(expression, trigger) {
  try {
    const value = evaluated(expression, trigger);
    return Array.isArray(value) && value.length > MAX_VALUES ? TOO_LARGE : value;
  } catch (error) {
    return error instanceof RangeError ? TOO_LARGE : void 0;
  }
}
var isStorable = (value) => typeof value !== "number" || value === 0 || Math.abs(value) <= Number.MAX_SAFE_INTEGER && Math.abs(value) >= 1e-100;
function lookUp(expression, trigger) {
  try {
    return evaluated(expression, trigger);
  } catch {
    return void 0;
  }
}
var evaluated = (expression, trigger) => search(expression, trigger);
function nameAt(expression, trigger) {
  const value = lookUp(expression, trigger);
  if (typeof value !== "string" || value === "" || value.length > 1024) return void 0;
  const bytes = Buffer.from(value);
  return bytes.length <= 1024 && bytes.toString() === value ? value : void 0;
}
var isScalar = (value) => ["string", "number", "boolean"].includes(typeof value);

// lib/core/queue/asking.ts
var askingOf = (rule, set) => ({
  rule,
  set,
  queries: rule.queries,
  expiresSeconds: rule.expiresSeconds
});
var postMortemOf = (rule) => ({
  rule,
  set: "post-mortem",
  queries: rule.postMortem,
  expiresSeconds: rule.postMortemExpiresSeconds
});
var lastGaspOf = (rule, secondsLeft) => ({
  ...askingOf(rule, "last-gasp"),
  expiresSeconds: Math.min(rule.expiresSeconds, secondsLeft)
});
var heatSecondsOf = (askings) => Math.max(0, ...askings.map(heatSecondsOfOne));
var heatSecondsOfOne = ({ rule: { accelerateSeconds: accelerateSeconds2 }, set, expiresSeconds }) => set === "last-gasp" && accelerateSeconds2 > 0 ? Math.max(accelerateSeconds2, expiresSeconds) : accelerateSeconds2;
function priorityOf({ set, rule }, { evidence }) {
  if (set === "last-gasp") return 0;
  return set === "post-mortem" && !evidence ? Math.min(9, rule.priority + 2) : rule.priority;
}
var listsAreIds = (rule, query) => rule.target === "ecs-task-host" || query.evidence !== void 0;

// lib/core/queue/on-platform.ts
function platformOf(platform) {
  if (!platform) return void 0;
  return platform === "windows" || platform === "darwin" ? platform : "linux";
}
function onPlatform({ queries, refusals }, platform) {
  const lacks = ({ platforms }) => platform !== void 0 && platforms?.includes(platform) === false;
  const refused2 = queries.filter(lacks).map(({ rule, query }) => ({ rule, query, problem: "not-on-platform" }));
  return { queries: queries.filter((query) => !lacks(query)), refusals: [...refusals, ...refused2] };
}

// lib/core/queue/ask.ts
function questions(host, askings, cause, nowMs) {
  const queries = [];
  const refusals = [];
  for (const asking of askings) {
    const { rule, set, expiresSeconds } = asking;
    for (const query of asking.queries) {
      const bound = bind(query, cause.trigger, listsAreIds(rule, query));
      const refuse = (problem) => refusals.push({ rule: rule.name, query: query.name, problem });
      if (!bound.ok) {
        refuse(bound.problem);
        continue;
      }
      if (bound.refused.length > 0) refuse("unsafe-id");
      queries.push({
        queryId: idOf(cause.key, rule.name, set, query.name),
        host,
        priority: priorityOf(asking, query),
        rule: rule.name,
        query: query.name,
        set,
        sql: query.sql,
        bindings: bound.bindings,
        ...query.evidence ? { evidence: query.evidence } : {},
        ...query.discovery ? { discovery: query.discovery } : {},
        platforms: query.platforms,
        ...cause.workload ? { workload: cause.workload } : {},
        alias: cause.alias,
        subjects: cause.subjects,
        decorations: cause.decorations,
        subjectDecorations: cause.subjectDecorations ?? {},
        // A clock that is ahead would make every answer a quick one.
        triggeredAtMs: Math.min(cause.triggeredAtMs, cause.receivedAtMs),
        receivedAtMs: cause.receivedAtMs,
        ...cause.toldBy ? { toldBy: cause.toldBy } : {},
        ...cause.places ? { places: cause.places } : {},
        queuedAtMs: nowMs,
        expiresAtMs: nowMs + expiresSeconds * 1e3
      });
    }
  }
  return { queries, refusals };
}
async function enqueue(host, wanted, limits, heatSeconds, deps, workload, leaving = /* @__PURE__ */ new Set()) {
  const { queue, registry, ledger, report, now } = deps;
  const { queries, refusals } = await answerable(host, wanted, deps);
  for (const [{ rule, query, problem }, count] of counted(refusals)) {
    report("query_refused", { host, workload: workload ?? null, rule, query, problem, count });
    if (problem.startsWith("unsafe")) await ledger.troubled(workload, "unsafe-id");
    if (problem === "too-large") await ledger.troubled(workload, "too-large");
  }
  if (queries.length === 0) return [];
  const waiting = new Set(await queue.waiting(host, now()));
  const places = limits.pendingPerHost + [...leaving].filter((id) => waiting.has(id)).length;
  const asked = /* @__PURE__ */ new Set();
  const queued = [];
  const drops = [];
  for (const query of queries) {
    if (waiting.has(query.queryId)) {
      queued.push(query);
      continue;
    }
    const isFull = waiting.size >= places && query.set !== "last-gasp";
    const dropped = isFull ? "pendingPerHost" : await spaced(query, limits, queue, asked, now()) ? void 0 : "spacingSeconds";
    if (dropped) {
      drops.push({ rule: query.rule, query: query.query, limit: dropped });
      if (query.set !== "last-gasp") await ledger.troubled(query.workload, "limited");
      continue;
    }
    await queue.enqueue(query);
    waiting.add(query.queryId);
    queued.push(query);
  }
  for (const [{ rule, query, limit }, count] of counted(drops))
    report("query_dropped", { host, rule, query, limit, count });
  if (queued.length > 0 && heatSeconds > 0) await registry.heat(host, now() + heatSeconds * 1e3);
  return queued;
}
function counted(items) {
  const groups = /* @__PURE__ */ new Map();
  for (const item of items) {
    const key = JSON.stringify(item);
    const group = groups.get(key);
    if (group) group[1] += 1;
    else groups.set(key, [item, 1]);
  }
  return [...groups.values()];
}
async function answerable(host, wanted, { registry }) {
  if (!wanted.queries.some(({ platforms }) => platforms)) return wanted;
  return onPlatform(wanted, platformOf((await registry.find(host))?.identity.platform));
}
async function spaced(query, limits, queue, asked, nowMs) {
  if (limits.spacingSeconds === 0) return true;
  const question = idOf(query.rule, query.set, query.query, renderSql(query.sql, query.bindings));
  if (asked.has(question)) return false;
  asked.add(question);
  return queue.space(query.host, question, query.queryId, nowMs, nowMs + limits.spacingSeconds * 1e3);
}
function idOf(...parts) {
  return createHash6("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
var settleByMsOf = (queries) => Math.max(0, ...queries.map(({ expiresAtMs }) => expiresAtMs + ANSWER_GRACE_MS));
function firstAskedOf(before, queries, poller) {
  const { firstAsked, askings = [] } = before ?? {};
  const [first] = queries;
  if (!first) return { ...firstAsked ? { firstAsked } : {}, askings };
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, toldBy = "event" } = first;
  const sets = [...new Set(queries.map(({ set }) => set))];
  const news = sets.map((set) => ({ set, atMs: queuedAtMs, queries: queries.filter((one) => one.set === set).length }));
  return {
    firstAsked: firstAsked ?? { eventAtMs, receivedAtMs, queuedAtMs, toldBy, ...poller ? { poller } : {} },
    askings: [...askings, ...news]
  };
}

// lib/core/queue/offers.ts
var sortable = (n2) => n2.toString(36).padStart(2, "0");
var wireIdOf = ({ deliveryId, offer, position }) => `${deliveryId}-${sortable(offer)}-${sortable(position)}`;
var WIRE_ID = /^([0-9a-z]{9,12}-[0-9a-z]{4,12})-([0-9a-z]{2,4})-([0-9a-z]{2,4})$/;
function runOf(wireId) {
  const [, deliveryId, offer, position] = WIRE_ID.exec(wireId) ?? [];
  if (deliveryId === void 0 || offer === void 0 || position === void 0) return void 0;
  return { deliveryId, offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}
var markOf = ({ offer, position }, failed) => `${sortable(offer)}-${sortable(position)}${failed ? "!" : ""}`;
var MARK = /^([0-9a-z]+)-([0-9a-z]+)/;
function markedRun(mark) {
  const [, offer = "", position = ""] = MARK.exec(mark) ?? [];
  return { offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}
function unanswered({ queries, answered }) {
  const positions = new Set(answered.map((mark) => markedRun(mark).position));
  return [...queries.keys()].filter((position) => !positions.has(position));
}
var latestOf = ({ offers }) => offers.at(-1) ?? { atMs: 0, positions: [] };
var attemptsOf = ({ offers }) => offers.filter(({ isRepeat }) => !isRepeat);
function awaitedIn(delivery) {
  const runs = delivery.answered.map(markedRun);
  const isSkipped = (position) => delivery.queries[position]?.discovery !== void 0 && runs.some(({ offer }) => delivery.offers[offer]?.positions.includes(position));
  return unanswered(delivery).filter((position) => !isSkipped(position));
}
var openIn = (delivery, nowMs) => awaitedIn(delivery).filter((position) => (delivery.queries[position]?.expiresAtMs ?? 0) > nowMs);
var queriesAt = (delivery, positions) => positions.flatMap((position) => delivery.queries[position] ?? []);
function outIn(delivery, nowMs) {
  const { positions } = latestOf(delivery);
  return openIn(delivery, nowMs).filter((position) => positions.includes(position));
}
var isOut = (delivery, nowMs) => delivery.leaseUntilMs > nowMs && outIn(delivery, nowMs).length > 0;
function offersOf(delivery, position) {
  const offers = attemptsOf(delivery).filter(({ positions }) => positions.includes(position));
  return { times: offers.length, alone: offers.filter(({ positions }) => positions.length === 1).length };
}
function nextPart(delivery, nowMs, attempts) {
  const proves2 = (position) => delivery.queries[position]?.evidence !== void 0;
  const open = openIn(delivery, nowMs).filter((position) => offersOf(delivery, position).times < attempts);
  const offers = attemptsOf(delivery);
  const isMixed = (position) => offers.every(({ positions }) => !positions.includes(position) || !positions.every(proves2));
  const proofs = open.filter((position) => proves2(position) && isMixed(position));
  if (proofs.length > 0) return proofs;
  const [next] = open.toSorted(
    (a, b) => offersOf(delivery, a).alone - offersOf(delivery, b).alone || Number(proves2(b)) - Number(proves2(a))
  );
  return next === void 0 ? [] : [next];
}
function offered(delivery, offer, positions) {
  return positions.flatMap((position) => {
    const query = delivery.queries[position];
    return query ? [{ ...query, wireId: wireIdOf({ deliveryId: delivery.id, offer, position }) }] : [];
  });
}

// lib/core/triggers/end-instance.ts
var END = Number.MAX_SAFE_INTEGER;
async function endInstance(event, deps) {
  const { ledger, now, report } = deps;
  const { instanceId } = event;
  const record2 = await ledger.advance(endSnapshot(event, now()));
  const { host, withdrawn } = await endNodes(instanceId, deps);
  if (!record2) return "stale";
  const { handling } = record2;
  const enrolled2 = (handling?.enrolled ?? false) || host !== void 0;
  const asked = handling?.asked ?? [];
  const settleByMs = asked.length > 0 || !enrolled2 ? Math.min(handling?.settleByMs || now(), now()) : 0;
  await tellOfEnd(record2, settleByMs, deps);
  await ledger.handled(instanceId, record2.version, {
    host: handling?.host ?? host ?? instanceId,
    enrolled: enrolled2,
    asked,
    settleByMs,
    ...firstAskedOf(handling, [])
  });
  report("instance_ended", { instance: instanceId, host: host ?? null, withdrawn });
  return "ended";
}
async function endNodes(instanceId, deps) {
  const { registry, directory, now } = deps;
  let host;
  let withdrawn = 0;
  for (const name of await namesOf(instanceId, deps)) {
    if (await registry.find(name, true)) host = name;
    await registry.end(name, now());
    await directory.remove(name);
    withdrawn += await drainDead(name, deps);
  }
  return { host, withdrawn };
}
async function namesOf(instanceId, { aliases, registry }) {
  const alias = await aliases.hostOf(instanceId, true);
  if (!alias || alias === instanceId) return [instanceId];
  const node = await registry.find(alias, true);
  return node?.instanceId === instanceId ? [instanceId, alias] : [instanceId];
}
async function drainDead(host, deps) {
  const { queue, ledger } = deps;
  let count = 0;
  for (; ; ) {
    const { pending, deliveries } = await queue.open(host, true);
    if (pending.length + deliveries.length === 0) return count;
    const open = deliveries.flatMap((delivery) => queriesAt(delivery, unanswered(delivery)));
    const askers = [...pending, ...open.flatMap((query) => query.askers)];
    for (const workload of new Set(askers.map((asker) => asker.workload))) await ledger.troubled(workload, "host-gone");
    await queue.remove(pending.map(keyOf));
    for (const delivery of deliveries) await queue.retire(delivery);
    count += pending.length + open.length;
  }
}
var endSnapshot = ({ instanceId, state, occurredAtMs: occurredAtMs2, toldBy }, receivedAtMs) => ({
  workload: instanceId,
  kind: "ec2-instance",
  version: END,
  versionStep: 1,
  lastStatus: state,
  desiredStatus: "terminated",
  stopped: true,
  subjects: [instanceId],
  containers: [],
  identity: { instance_id: instanceId },
  occurredAtMs: occurredAtMs2,
  receivedAtMs,
  toldBy
});

// lib/core/ledger/machine.ts
var MAX_TAGS_LENGTH = 1024;
var tagText = (tags2) => cut(
  Object.entries(tags2).map(([key, value]) => `${key}=${value}`).sort().join(" "),
  MAX_TAGS_LENGTH
) || void 0;
function machineOf({ workload, identity: identity2 }) {
  const tags2 = Object.entries(identity2).flatMap(
    ([name, value]) => name.startsWith("tag:") ? [[name.slice("tag:".length), value]] : []
  );
  const facts = [
    ["instance_id", workload],
    ["ami_id", identity2.image_id],
    ["instance_type", identity2.instance_type],
    ["instance_tags", tagText(Object.fromEntries(tags2))]
  ];
  return Object.fromEntries(facts.flatMap(([name, value]) => value ? [[name, value]] : []));
}

// lib/core/policy/ending.ts
var NOTICE_SECONDS = 120;
var TASK = "aws.ecs ECS Task State Change";
var REBALANCE = "aws.ec2 EC2 Instance Rebalance Recommendation";
var NOTICES = /* @__PURE__ */ new Set([
  REBALANCE,
  "aws.ec2 EC2 Spot Instance Interruption Warning",
  "aws.autoscaling EC2 Instance-terminate Lifecycle Action"
]);
var STILL_RUNNING = /* @__PURE__ */ new Set(["RUNNING", "DEACTIVATING", "STOPPING"]);
var isStopSignal = ({
  lastStatus,
  desiredStatus
}) => desiredStatus === "STOPPED" && STILL_RUNNING.has(lastStatus);
var isWarmPoolMove = ({ Destination }) => Destination === "WarmPool";
function endingIn(event) {
  const { detail } = Object(event);
  if (kindOf(event) === TASK) return isStopSignal(Object(detail)) ? "ecs-task-host" : void 0;
  return NOTICES.has(kindOf(event)) && !isWarmPoolMove(Object(detail)) ? "ec2-instance" : void 0;
}
function kindOf(event) {
  const { source, "detail-type": detailType } = Object(event);
  return `${source} ${detailType}`;
}

// lib/core/triggers/deadline.ts
var LEAST_MS2 = 15e3;
var NOTICE_MS = NOTICE_SECONDS * 1e3;
var deadlineOf = (noticedAtMs, nowMs) => Math.min(Math.max(noticedAtMs + NOTICE_MS, nowMs + LEAST_MS2), nowMs + NOTICE_MS);
var LEAST_HEARTBEAT_SECONDS = 30;
var COMPLETION_MS = 12e3;
var marginMs = (heartbeatMs) => Math.max(1e4, heartbeatMs / 5);
var LEAST_MARGIN_MS = 5e3;
function holdUntil(noticedAtMs, heartbeatSeconds, nowMs) {
  const heartbeatMs = Math.max(heartbeatSeconds, LEAST_HEARTBEAT_SECONDS) * 1e3;
  const leftMs = noticedAtMs + heartbeatMs - nowMs;
  if (leftMs <= 0) return nowMs + LEAST_MS2;
  const usableMs = Math.min(leftMs, heartbeatMs) - marginMs(heartbeatMs);
  const leastMs = Math.max(0, Math.min(LEAST_MS2, leftMs - LEAST_MARGIN_MS));
  return nowMs + Math.min(NOTICE_MS, Math.max(usableMs, leastMs));
}

// lib/core/nodes/same-secret.ts
import { createHash as createHash7, timingSafeEqual } from "node:crypto";
function sameSecret(known, given) {
  const digest3 = (text2) => createHash7("sha256").update(text2).digest();
  return known !== "" && timingSafeEqual(digest3(known), digest3(given));
}

// lib/core/nodes/enroll-secrets.ts
var DEFAULT_SECRET = "default";
async function secretNamed(given, secrets) {
  return await nameIn(secrets, given, (secret2) => secret2.values()) ?? await nameIn(secrets, given, (secret2) => secret2.refreshed());
}
async function nameIn(secrets, given, read) {
  const names = [...secrets.keys()];
  const known = await Promise.allSettled([...secrets.values()].map(read));
  const at2 = known.findIndex(
    (one) => one.status === "fulfilled" && one.value.some((value) => sameSecret(value, given))
  );
  if (at2 >= 0) return names[at2];
  const failed = known.find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
  return void 0;
}

// lib/core/nodes/directory.ts
async function everyEntry(directory) {
  const entries = [];
  let cursor;
  do {
    const page = await directory.page(cursor);
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== void 0);
  return entries;
}
function factsOf(node, nowMs) {
  return seenFrom(entryOf(node), nowMs);
}
function entryOf(node, profile) {
  const { hostname, platform, osqueryVersion, vendor } = node.identity;
  return {
    hostIdentifier: node.host,
    hostname,
    platform,
    osqueryVersion,
    vendor,
    secret: node.secret ?? DEFAULT_SECRET,
    tags: node.tags ?? {},
    ...profile ? { profile } : {},
    lastSeenMs: node.lastSeenMs
  };
}
var seenFrom = (entry, nowMs) => ({
  ...entry,
  seenSecondsAgo: Math.max(0, (nowMs - entry.lastSeenMs) / 1e3)
});

// lib/core/policy/guardduty-finding.ts
import { createHash as createHash8 } from "node:crypto";
var GUARDDUTY_FINDINGS = { source: "aws.guardduty", detailType: "GuardDuty Finding" };
function findingSubjects(event) {
  const account = nameAt("detail.accountId", event) ?? "";
  const instance = nameAt("detail.resource.instanceDetails.instanceId", event);
  const task = nameAt("detail.resource.ecsClusterDetails.taskDetails.arn", event);
  const own = instance ? [{ kind: "instance", name: instance, account }] : task ? [{ kind: "task", name: task, account }] : [];
  const all = [...own, ...sequenceSubjects(event, account)];
  return [...new Map(all.map((subject) => [subject.name, subject])).values()];
}
function sequenceSubjects(event, account) {
  const resources2 = lookUp("detail.service.detection.sequence.resources", event);
  return (Array.isArray(resources2) ? resources2 : []).flatMap((resource) => {
    const name = nameAt("uid", resource);
    const of = { account: nameAt("accountId", resource) ?? account };
    const type = lookUp("resourceType", resource);
    if (name && type === "EC2_INSTANCE") return [{ kind: "instance", name: lastPart(name), ...of }];
    return name && type === "ECS_TASK" ? [{ kind: "task", name, ...of }] : [];
  });
}
function findingOf(event) {
  if (lookUp("source", event) !== GUARDDUTY_FINDINGS.source) return void 0;
  if (lookUp('"detail-type"', event) !== GUARDDUTY_FINDINGS.detailType) return void 0;
  const id = nameAt("detail.id", event);
  if (!id) return void 0;
  const type = nameAt("detail.type", event);
  const digest3 = createHash8("sha256").update(JSON.stringify(lastingPart(event))).digest("hex").slice(0, 32);
  return {
    key: `finding ${id} ${digest3}`,
    decorations: { finding_id: id, ...type ? { finding_type: type } : {} }
  };
}
var LASTING = [
  "type",
  "severity",
  "resource.containerDetails.[id, image]",
  "resource.ecsClusterDetails.taskDetails.containers[].[id, image]",
  "resource.kubernetesDetails.kubernetesWorkloadDetails.[namespace, type, name]",
  "service.action.actionType",
  "service.action.*[].remoteIpDetails.[ipAddressV4, ipAddressV6]",
  "service.action.dnsRequestAction.domain",
  // The other end's port is the system's choice where that end connects to us.
  "service.action.networkConnectionAction.[connectionDirection == 'OUTBOUND' && remotePortDetails.port]",
  "service.action.networkConnectionAction.[connectionDirection == 'INBOUND' && localPortDetails.port]",
  // Whoever scans the internet changes all the time.
  "service.action.portProbeAction.portProbeDetails[].localPortDetails.port",
  "service.runtimeDetails.process.[executablePath, executableSha256]",
  "service.runtimeDetails.context.[modifyingProcess, targetProcess][].[executablePath, executableSha256]",
  "service.runtimeDetails.context.[scriptPath, libraryPath, ldPreloadValue, socketPath, runcBinaryPath, releaseAgentPath]",
  "service.runtimeDetails.context.[mountSource, mountTarget, moduleFilePath, moduleSha256, shellHistoryFilePath]",
  "service.runtimeDetails.context.[toolName, serviceName, threatFilePath]",
  "service.evidence.threatIntelligenceDetails[].[threatListName, threatNames, threatFileSha256]",
  "service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames[].[name, filePaths[].hash]",
  "service.malwareScanDetails.threats[].[name, itemPaths[].hash]",
  "service.detection.sequence.signals[].[type, name]",
  "service.detection.sequence.endpoints[].[ip, domain]",
  "service.detection.sequence.actors[].process.[path, sha256]"
];
var LASTING_INFO = "[threatListName, threatName, domain]";
function lastingPart(event) {
  const detail = lookUp("detail", event);
  const info2 = lookUp("service.additionalInfo", detail);
  return [
    findingSubjects(event).map(({ name }) => name),
    ...LASTING.map((path) => lookUp(path, detail)),
    ...[info2, parsed(lookUp("value", info2))].map((each2) => lookUp(LASTING_INFO, each2))
  ].map((part) => unordered(part) ?? null);
}
var MAX_DEPTH3 = 32;
function unordered(value, depth = 0) {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH3) return null;
  if (Array.isArray(value)) return value.map((element) => unordered(element, depth + 1)).sort(byText);
  const members2 = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(members2.map(([name, member]) => [name, unordered(member, depth + 1)]));
}
var byText = (a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
function parsed(text2) {
  try {
    return typeof text2 === "string" ? JSON.parse(text2) : text2;
  } catch {
    return text2;
  }
}
var lastPart = (arn) => arn.slice(arn.lastIndexOf("/") + 1);

// lib/core/policy/glob.ts
function globMatcher(glob) {
  return (text2) => {
    let [at2, t2] = [0, 0];
    let star = -1;
    let taken = 0;
    while (t2 < text2.length) {
      if (glob[at2] === "*") {
        star = at2++;
        taken = t2;
      } else if (at2 < glob.length && (glob[at2] === "?" || glob[at2] === text2[t2])) {
        at2++;
        t2++;
      } else if (star >= 0) {
        at2 = star + 1;
        t2 = ++taken;
      } else return false;
    }
    while (glob[at2] === "*") at2++;
    return at2 === glob.length;
  };
}

// lib/core/policy/match-node.ts
function matchNode(match, node) {
  const { tags: tags2 = {}, seenWithinSeconds, ...texts } = match;
  return Object.entries(texts).every(([name, globs]) => !globs || meets(node[name], globs)) && Object.entries(tags2).every(([name, globs]) => meets(ownTag(node, name), globs)) && (seenWithinSeconds === void 0 || (node.seenSecondsAgo ?? Number.POSITIVE_INFINITY) <= seenWithinSeconds);
}
var meets = (text2, globs) => text2 !== void 0 && globs.some((glob) => globMatcher(glob)(text2));
var ownTag = ({ tags: tags2 = {} }, name) => Object.hasOwn(tags2, name) ? tags2[name] : void 0;

// lib/core/policy/target.ts
var INSTANCE_ID2 = [
  'detail."instance-id"',
  // EC2, Spot
  "detail.EC2InstanceId",
  // Auto Scaling
  "detail.ec2InstanceId",
  // ECS
  "detail.resource.instanceDetails.instanceId",
  // GuardDuty
  "detail.affectedEntities[0].entityValue"
  // Health
];
function namedBy(target, trigger) {
  if (target === "same-node") return { kind: "same-node" };
  if (target === "finding-host") {
    const subjects = findingSubjects(trigger);
    return subjects.length > 0 ? { kind: "finding", subjects } : nobody("the finding names no EC2 instance and no ECS task");
  }
  if (target === "ecs-task-host") {
    const arn = nameAt("detail.containerInstanceArn", trigger);
    const clusterArn = nameAt("detail.clusterArn", trigger);
    return arn && clusterArn ? { kind: "container-instance", arn, clusterArn } : nobody("the event names no container instance");
  }
  if (target === "ec2-instance") {
    const id = INSTANCE_ID2.map((path) => nameAt(path, trigger)).find((name) => name !== void 0);
    return id ? { kind: "alias", alias: id } : nobody("the event names no EC2 instance");
  }
  if ("hosts-where" in target) return { kind: "many", match: target["hosts-where"] };
  const alias = nameAt(target.host, trigger);
  return alias ? { kind: "alias", alias } : nobody(`${target.host} yields no host`);
}
var nobody = (why) => ({ kind: "nobody", why });

// lib/core/triggers/fan-out.ts
import { createHmac } from "node:crypto";
function ranked(entries, secret2, id) {
  const rankOf2 = (host) => createHmac("sha256", secret2).update(JSON.stringify([id, host])).digest("hex");
  return entries.map((entry) => ({ entry, rank: rankOf2(entry.hostIdentifier) })).sort((one, other) => one.rank < other.rank ? -1 : 1);
}
var FINDING_KEEPS_MS = 90 * 24 * 36e5;
var FAN_OUT_KEEPS_MS = 24 * 36e5;

// lib/core/triggers/finding-hosts.ts
async function findingHosts(subjects, deps) {
  const arns = subjects.flatMap(({ kind, name }) => kind === "task" ? [name] : []);
  const tasks = new Map((await deps.ledger.read(arns)).map((task) => [task.workload, task]));
  const known = /* @__PURE__ */ new Map();
  const unknown2 = [];
  for (const { kind, name, account } of subjects) {
    const whose = account === "" ? name : `${name} of account ${account}`;
    const instance = kind === "instance" ? name : tasks.get(name)?.handling?.host;
    if (instance === void 0) {
      unknown2.push(`${whose}: ${tasks.has(name) ? "the task runs on no host that is known" : "unknown here"}`);
      continue;
    }
    const { found: found2, why } = await hostBehind(instance, deps);
    if (found2 === void 0) unknown2.push(`${whose}: ${why}`);
    else known.set(found2.host, { ...found2, names: [...known.get(found2.host)?.names ?? [], name] });
  }
  return { known: [...known.values()], unknown: unknown2 };
}
async function hostBehind(name, deps) {
  const found2 = await hostOf(name, deps);
  const isEnded = found2.node?.endedAtMs !== void 0;
  if (lives(found2.node, deps.now())) return { found: found2 };
  if (isEnded) return { why: "the host is gone" };
  const [instance] = await deps.ledger.read([name]);
  if (!instance) return { why: "the host is unknown here" };
  return instance.stopped ? { why: "the host is gone" } : { found: found2 };
}

// lib/core/triggers/handle-rules.ts
async function handleRules(event, deps, own) {
  const policy = await deps.policy();
  const rules = policy.eventRules(event.raw).filter((rule) => rule.target !== own);
  if (rules.length === 0) return 0;
  const occasion = occasionOf(event, policy, deps.now());
  let queued = 0;
  for (const rule of rules) queued += await askAll(rule, occasion, deps);
  return queued;
}
function occasionOf(event, policy, nowMs) {
  const request = lookUp("detail.idempotencyKey", event.raw);
  const keyed = typeof request === "string" && request !== "" || typeof request === "number";
  const finding = findingOf(event.raw);
  const cause = {
    key: finding?.key ?? (keyed ? `request ${request}` : `event ${event.id}`),
    trigger: event.raw,
    subjects: [],
    decorations: { event_id: event.id, ...finding?.decorations },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: nowMs
  };
  return { event, cause, policy, isFinding: finding !== void 0 };
}
async function askAll(rule, occasion, deps) {
  const named = namedBy(rule.target, occasion.event.raw);
  switch (named.kind) {
    case "many":
      return fanOut(rule, named.match, occasion, deps);
    case "finding":
      return askFinding(rule, named.subjects, occasion, deps);
    case "alias":
      return askOnce(await hostOf(named.alias, deps), [], rule, occasion, deps);
    case "container-instance": {
      const instance = await deps.hosts.instanceOf(named.clusterArn, named.arn);
      return instance ? askOnce(await hostOf(instance, deps), [], rule, occasion, deps) : 0;
    }
    default:
      withoutHost(rule, occasion, "why" in named ? named.why : named.kind, deps);
      return 0;
  }
}
function withoutHost(rule, { event }, why, { report }) {
  report("rule_without_host", { rule: rule.name, eventId: event.id, why });
}
async function askFinding(rule, subjects, occasion, deps) {
  const within = subjects.slice(0, occasion.policy.policy.limits.hostsPerTrigger);
  if (subjects.length > within.length)
    deps.report("fan_out_limited", { rule: rule.name, cause: occasion.cause.key, hosts: within.length });
  const { known, unknown: unknown2 } = await findingHosts(within, deps);
  for (const why of unknown2) withoutHost(rule, occasion, why, deps);
  let queued = 0;
  for (const { names, ...found2 } of known) queued += await askOnce(found2, names, rule, occasion, deps);
  return queued;
}
async function askOnce(found2, names, rule, occasion, deps) {
  const { fanOuts, now } = deps;
  const own = `${occasion.cause.key} ${rule.name}`;
  const ids = names.length > 0 ? names.map((name) => `${own} ${name}`) : [own];
  const places = await Promise.all(ids.map((id) => fanOuts.resume(id, now())));
  const isRepeat = places.some(({ done }) => done);
  const kept = occasion.isFinding ? ids : void 0;
  const { queued, dropped } = isRepeat ? { queued: 0, dropped: 0 } : await ask(found2, rule, occasion, deps, kept);
  if (dropped > 0) return queued;
  const fresh = ids.filter((_, index) => !places[index]?.done);
  const keepMs = occasion.isFinding ? rule.expiresSeconds * 1e3 + ANSWER_GRACE_MS : void 0;
  await Promise.all(fresh.map((id) => fanOuts.save(id, { hosts: 1, done: true }, now(), keepMs)));
  return queued;
}
var ROOM_FOR_FINDINGS = 100;
var limitsOfFindings = (limits) => ({
  ...limits,
  pendingPerHost: limits.pendingPerHost + ROOM_FOR_FINDINGS,
  spacingSeconds: 0
});
async function ask({ host, alias }, rule, { cause, policy, isFinding }, deps, places) {
  const own = { ...cause, alias, key: `${cause.key} ${host}`, ...places ? { places } : {} };
  const { queries, refusals } = questions(host, [askingOf(rule, "request")], own, deps.now());
  const asked = queries.map(
    ({ places: last, ...query }, index) => last && index === queries.length - 1 ? { ...query, places: last } : query
  );
  const limits = isFinding ? limitsOfFindings(policy.policy.limits) : policy.policy.limits;
  const queued = await enqueue(host, { queries: asked, refusals }, limits, rule.accelerateSeconds, deps);
  return { queued: queued.length, dropped: asked.length - queued.length };
}
var GROUP = 100;
async function fanOut(rule, match, occasion, deps) {
  const { directory, fanOuts, now, report } = deps;
  const { cause, policy } = occasion;
  const id = `${cause.key} ${rule.name}`;
  let { hosts, cursor = "", done } = await fanOuts.resume(id, now());
  if (done) return 0;
  const matching = (await everyEntry(directory)).filter((node) => matchNode(match, seenFrom(node, now())));
  const left = ranked(matching, await fanOuts.secret(), id).filter(({ rank: rank2 }) => rank2 > cursor);
  const within = left.slice(0, Math.max(0, policy.policy.limits.hostsPerTrigger - hosts));
  let queued = 0;
  do {
    const group = within.splice(0, GROUP);
    const counts = await Promise.all(
      group.map(({ entry }) => ask({ host: entry.hostIdentifier }, rule, occasion, deps))
    );
    queued += counts.reduce((sum, count) => sum + count.queued, 0);
    hosts += group.length;
    cursor = group.at(-1)?.rank ?? cursor;
    done = within.length === 0;
    const keepMs = occasion.isFinding ? FINDING_KEEPS_MS : void 0;
    await fanOuts.save(id, { hosts, cursor, done }, now(), keepMs);
  } while (!done);
  if (left.some(({ rank: rank2 }) => rank2 > cursor)) report("fan_out_limited", { rule: rule.name, cause: cause.key, hosts });
  return queued;
}

// lib/core/triggers/lifecycle-hook.ts
var isOurs = ({ hook }) => hook.startsWith("mayfly");
var isNamed = ({ instanceId, token }) => (instanceId ?? token) !== void 0;
var AGAIN_AFTER_MS = 1e3;
async function persist(act, { now, pause, untilMs, failed }) {
  for (; ; ) {
    try {
      return await act();
    } catch (error) {
      failed(error);
      if (now() + AGAIN_AFTER_MS >= untilMs) throw error;
    }
    await pause(AGAIN_AFTER_MS);
  }
}
async function lastGaspOver(host, instanceId, { queue, now, pause, untilMs, failed }) {
  while (now() < untilMs) {
    const partition = await queue.open(host, true).catch(failed);
    if (partition && !isUnderWay(partition, instanceId, now())) return;
    await pause(Math.min(AGAIN_AFTER_MS, Math.max(0, untilMs - now())));
  }
}
function isUnderWay({ pending, deliveries }, instanceId, nowMs) {
  return pending.some(
    ({ set, workload, expiresAtMs }) => set === "last-gasp" && workload === instanceId && expiresAtMs > nowMs
  ) || deliveries.some((delivery) => holds(delivery, instanceId));
}
var holds = (delivery, instanceId) => queriesAt(delivery, awaitedIn(delivery)).some(
  ({ set, askers }) => set === "last-gasp" && askers.some(({ workload }) => workload === instanceId)
);

// lib/core/triggers/handle-last-gasp.ts
async function handleNotice(notice, deps) {
  const { hold, report } = deps;
  const { action } = notice;
  if (hold && action && isOurs(action)) {
    if (isNamed(action)) return askHeld(notice, action, hold, deps);
    report("hook_nameless", { group: action.group, hook: action.hook });
  }
  const { queries } = await askInstance(notice, await deadlineFor(notice, deps), deps);
  return outcomeOf(queries, await askOthers(notice, deps));
}
var outcomeOf = (queries, others) => queries.length + others > 0 ? "asked" : "noted";
async function askHeld(notice, action, hold, deps) {
  const { queue, now, report } = deps;
  const { group, hook, instanceId = null } = action;
  const startedAtMs = now();
  const untilMs = Math.min(await heldUntil(notice.occurredAtMs, action, deps), hold.endsAtMs - 2 * COMPLETION_MS);
  const persistence = (what, endMs) => ({
    now,
    pause: hold.pause,
    untilMs: endMs,
    failed: (error) => report("hold_disturbed", { group, hook, instance: instanceId, what, error: String(error) })
  });
  const asking = persist(() => askInstance(notice, untilMs, deps), persistence("asking", untilMs));
  const answering = asking.then(async ({ host, isHeard: isHeard2 }) => {
    if (isHeard2 && instanceId) await lastGaspOver(host, instanceId, { queue, ...persistence("looking", untilMs) });
  });
  const others = asking.then(() => askOthers(notice, deps));
  const completing = hold.within(untilMs - now(), answering).catch(() => {
  }).then(() => persist(() => hold.hooks.complete(action), persistence("completing", hold.endsAtMs - COMPLETION_MS))).then(
    (outcome) => report("hook_completed", { group, hook, instance: instanceId, outcome, heldMs: now() - startedAtMs })
  );
  await Promise.allSettled([completing, asking, others]);
  await completing;
  return outcomeOf((await asking).queries, await others);
}
var askOthers = (notice, deps) => handleRules({ ...notice, id: nameOf(notice) }, deps);
async function deadlineFor({ kind, action, occurredAtMs: occurredAtMs2 }, deps) {
  if (kind === "rebalance") return void 0;
  return action ? heldUntil(occurredAtMs2, action, deps) : deadlineOf(occurredAtMs2, deps.now());
}
var heldUntil = async (noticedAtMs, action, deps) => holdUntil(noticedAtMs, await heartbeatOf(action, deps), deps.now());
async function heartbeatOf({ group, hook }, { hold, report }) {
  try {
    return await hold?.hooks.heartbeatSeconds(group, hook) ?? LEAST_HEARTBEAT_SECONDS;
  } catch (error) {
    report("heartbeat_unknown", { group, hook, error: String(error) });
    return LEAST_HEARTBEAT_SECONDS;
  }
}
var NOBODY = { host: "", isHeard: false, queries: [] };
async function askInstance(notice, deadlineAtMs, deps) {
  const { instanceId, raw } = notice;
  if (!instanceId) return NOBODY;
  const { ledger, fanOuts, now } = deps;
  const compiled = await deps.policy();
  const record2 = await ledger.advance(noticeSnapshot(instanceId, notice.occurredAtMs, now()));
  const [known] = await ledger.read([instanceId]);
  if (known?.stopped) return NOBODY;
  const { host, node, alias } = await hostOf(instanceId, deps);
  const hasAgent = lives(node, now());
  const rules = compiled.lastGaspRules(raw);
  const secondsLeft = deadlineAtMs === void 0 ? void 0 : secondsUntil(deadlineAtMs, now());
  const cause = { ...causeOf(instanceId, notice, now()), alias, ...known ? { decorations: machineOf(known) } : {} };
  const askings = rules.map((rule) => lastGaspOf(rule, secondsLeft ?? rule.expiresSeconds));
  const wanted = questions(host, askings, cause, now());
  const { done } = await fanOuts.resume(cause.key, now());
  const heat = heatSecondsOf(askings);
  const queries = done ? [] : await enqueue(host, wanted, compiled.policy.limits, heat, deps, instanceId);
  if (!done) await fanOuts.save(cause.key, { hosts: 1, done: true }, now());
  const asked = done ? wanted.queries : queries;
  if (!record2 && queries.length > 0)
    await ledger.lastGasp(instanceId, { set: "last-gasp", atMs: now(), queries: queries.length });
  if (record2) {
    await ledger.handled(instanceId, record2.version, {
      host,
      enrolled: hasAgent,
      asked: asked.map(keyOf),
      settleByMs: settleByMsOf(asked),
      ...firstAskedOf(record2.handling, asked)
    });
  }
  return { host, isHeard: hasAgent && now() - node.lastSeenMs < SILENT_AFTER_MS, queries };
}
var secondsUntil = (deadlineAtMs, nowMs) => Math.ceil(Math.max(deadlineAtMs - nowMs, LEAST_MS2) / 1e3);
var nameOf = ({ instanceId = "", notice }) => `${instanceId} ${notice}`;
var causeOf = (instanceId, notice, nowMs) => ({
  key: `last gasp ${nameOf(notice)}`,
  trigger: notice.raw,
  workload: instanceId,
  subjects: [instanceId],
  decorations: { instance_id: instanceId },
  triggeredAtMs: notice.occurredAtMs,
  receivedAtMs: nowMs
});
var noticeSnapshot = (instanceId, occurredAtMs2, receivedAtMs) => ({
  workload: instanceId,
  kind: "ec2-instance",
  version: 0,
  versionStep: 1,
  lastStatus: "running",
  desiredStatus: "running",
  stopped: false,
  subjects: [instanceId],
  containers: [],
  identity: { instance_id: instanceId },
  occurredAtMs: occurredAtMs2,
  receivedAtMs,
  toldBy: "event"
});

// lib/core/policy/ip-address.ts
var MAX_LENGTH = 45;
function addressBits(address) {
  if (address.length > MAX_LENGTH) return void 0;
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) return v4Bits(address);
  return address.includes(":") && /^[0-9a-fA-F:]+$/.test(address) ? v6Bits(address) : void 0;
}
function addressDigits(address) {
  const bits = addressBits(address);
  return bits && BigInt(`0b${bits}`).toString(16).padStart(bits.length / 4, "0");
}
function cidrMatcher(block) {
  const [base = "", mask = "", ...more] = block.split("/");
  if (more.length > 0 || !/^\d{1,3}$/.test(mask)) return 'must be an address, "/" and a number of bits';
  const bits = addressBits(base);
  if (bits === void 0) return `"${base}" is no IP address`;
  const length = Number(mask);
  if (length >= bits.length) return `the number of bits must be below ${bits.length}`;
  const network = bits.slice(0, length);
  return (address) => {
    const candidate = addressBits(address);
    return candidate !== void 0 && candidate.length === bits.length && candidate.startsWith(network);
  };
}
function v4Bits(address) {
  const bytes = address.split(".").map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes.map((byte) => binary(byte, 8)).join("") : void 0;
}
function v6Bits(address) {
  const halves = address.split("::");
  if (halves.length > 2) return void 0;
  const [head = [], tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return void 0;
  const groups = [...head, ...Array(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return void 0;
  const bits = groups.map((group) => binary(Number.parseInt(group, 16), 16)).join("");
  return bits.startsWith(`${"0".repeat(80)}${"1".repeat(16)}`) ? bits.slice(96) : bits;
}
var binary = (value, digits) => value.toString(2).padStart(digits, "0");

// lib/core/ledger/addresses.ts
function movesOf(identity2, known, sinceMs) {
  const own = new Set((identity2.ip ?? "").split(" ").flatMap((ip) => addressDigits(ip) ?? []));
  const came = Object.fromEntries([...own].filter((digits) => !(digits in known)).map((digits) => [digits, sinceMs]));
  const [kept, left] = [true, false].map(
    (isOwn) => Object.fromEntries(Object.entries(known).filter(([digits]) => own.has(digits) === isOwn))
  );
  return { stays: { ...kept, ...came }, came, left };
}

// lib/core/reconcile/synthetic.ts
import { createHash as createHash9 } from "node:crypto";
function taskEvent(taskArn, detail, occurredAtMs2, place) {
  return envelope("aws.ecs", "ECS Task State Change", taskArn, detail, occurredAtMs2, place);
}
function instanceEvent(instanceId, state, occurredAtMs2, place) {
  const { partition, region, account } = place;
  const arn = `arn:${partition}:ec2:${region}:${account}:instance/${instanceId}`;
  const detail = { "instance-id": instanceId, state };
  return envelope("aws.ec2", "EC2 Instance State-change Notification", arn, detail, occurredAtMs2, place);
}
function envelope(source, detailType, resource, detail, occurredAtMs2, { account, region }) {
  return {
    version: "0",
    id: `sweep-${createHash9("sha256").update(JSON.stringify([resource, detail])).digest("hex").slice(0, 32)}`,
    "detail-type": detailType,
    source,
    account,
    time: new Date(occurredAtMs2).toISOString(),
    // with its fraction, which an event lacks
    region,
    resources: [resource],
    detail
  };
}
var CHANGED = ["stoppedAt", "stoppingAt", "startedAt", "createdAt"];
function changedAtMs(detail) {
  const task = Object(detail);
  const text2 = CHANGED.map((field) => task[field]).find((value) => typeof value === "string");
  const atMs = typeof text2 === "string" ? Date.parse(text2) : Number.NaN;
  return Number.isFinite(atMs) ? atMs : void 0;
}
function occurredAtMs(ownMs, { completeMs, beganMs }, nowMs) {
  if (ownMs === void 0) return nowMs;
  const isNew = completeMs === void 0 && ownMs < (beganMs ?? nowMs);
  return isNew ? nowMs : Math.min(nowMs, Math.max(ownMs, completeMs ?? ownMs));
}
var MAX_TAGS = 50;
var MAX_TAG_VALUE = 256;
function identityOf(instance) {
  const { imageId, instanceType, availabilityZone, subnetId, autoScalingGroup, managedBy } = instance;
  const { launchedAtMs, addresses: addresses2, macs, tags: tags2 } = instance;
  const entries = [
    ["image_id", imageId],
    ["instance_type", instanceType],
    ["availability_zone", availabilityZone],
    ["subnet", subnetId],
    ["auto_scaling_group", autoScalingGroup],
    ["managed_by", managedBy],
    ["launched_at", new Date(launchedAtMs).toISOString()],
    ["ip", addresses2.join(" ")],
    ["mac", macs.join(" ")],
    ...Object.entries(tags2).slice(0, MAX_TAGS).map(([key, value]) => [`tag:${key}`, cut(value, MAX_TAG_VALUE)])
  ];
  return Object.fromEntries(entries.filter(([, value]) => value));
}

// lib/core/fleet/learn-identity.ts
async function learnIdentity(instance, { ledger, now }) {
  const identity2 = identityOf(instance);
  const [record2] = await ledger.read([instance.instanceId]);
  if (!record2) return identity2;
  const isSameStart = record2.identity.launched_at === identity2.launched_at;
  const { stays, came, left } = movesOf(identity2, record2.stays, isSameStart ? now() : instance.launchedAtMs);
  const identified = { ...record2, identity: identity2 };
  await ledger.came(identified, came);
  await ledger.left(identified, left, isSameStart ? now() : instance.launchedAtMs);
  await ledger.identify(instance.instanceId, identity2, stays);
  return identity2;
}

// lib/core/triggers/handle-launch.ts
var SAME_LAUNCH_MS = 10 * 6e4;
async function handleLaunch(event, deps) {
  const { ledger, now } = deps;
  const record2 = await ledger.advance(launchSnapshot(event, now()));
  if (!record2) return "stale";
  const machine = machineOf({ ...record2, identity: { ...await identify(record2, deps), ...record2.identity } });
  const compiled = await deps.policy();
  const { host, node, alias } = await hostOf(event.instanceId, deps);
  const rules = compiled.eventRules(event.raw).filter((rule) => rule.target === "ec2-instance");
  const cause = {
    key: `${record2.workload} ${record2.version}`,
    trigger: event.raw,
    workload: record2.workload,
    alias,
    subjects: record2.subjects,
    decorations: { ...machine, ...record2.identity },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: record2.receivedAtMs,
    toldBy: record2.toldBy
  };
  const askings = rules.map((rule) => askingOf(rule, "launch"));
  const wanted = questions(host, askings, cause, now());
  const { limits } = compiled.policy;
  const queries = await enqueue(host, wanted, limits, heatSecondsOf(askings), deps, record2.workload);
  await ledger.handled(record2.workload, record2.version, {
    host,
    enrolled: lives(node, now()),
    asked: queries.map(keyOf),
    settleByMs: settleByMsOf(queries),
    ...firstAskedOf(record2.handling, queries)
  });
  return queries.length > 0 ? "asked" : "noted";
}
async function identify(record2, deps) {
  if (!deps.describeInstance || record2.toldBy === "sweep") return {};
  try {
    const instance = await deps.describeInstance(record2.workload);
    return instance ? await learnIdentity(instance, deps) : {};
  } catch (error) {
    deps.report("instance_undescribed", { instance: record2.workload, error: String(error) });
    return {};
  }
}
function launchSnapshot(event, receivedAtMs) {
  const { instanceId, identity: identity2, occurredAtMs: occurredAtMs2, toldBy } = event;
  return {
    workload: instanceId,
    kind: "ec2-instance",
    // By AWS's clock, unless that is ahead: a time that never comes would make each later start an old one.
    version: Math.min(occurredAtMs2, receivedAtMs),
    versionStep: SAME_LAUNCH_MS,
    lastStatus: "running",
    desiredStatus: "running",
    stopped: false,
    subjects: [instanceId],
    containers: [],
    identity: { instance_id: instanceId, ...identity2 },
    occurredAtMs: occurredAtMs2,
    receivedAtMs,
    toldBy
  };
}

// lib/core/ledger/bound.ts
var EVENT_LATENCY_MS = 5e3;
var ROUND_TRIP_MS = 80;
var QUERY_RUN_MS = 150;
var REFUSED_MS = 0;
var HOT_INTERVAL_SECONDS = 5;
var FLAGFILE_INTERVAL_SECONDS = 10;
var SWEEP_EVERY_MS = 6e4;
var SWEEP_RUN_MS = 2e3;
var EVENT_TIME_STEP_MS = 1e3;
var guaranteedBoundMs = ({
  eventLatencyMs,
  intervalSeconds
}) => {
  const cycleMs = intervalSeconds * 1e3 + ROUND_TRIP_MS + QUERY_RUN_MS + ROUND_TRIP_MS;
  return eventLatencyMs + cycleMs + ROUND_TRIP_MS + QUERY_RUN_MS + REFUSED_MS;
};
var boundsOf = ({ intervalSeconds, sweepEveryMs }) => ({
  idleMs: guaranteedBoundMs({ eventLatencyMs: EVENT_LATENCY_MS, intervalSeconds }),
  hotMs: guaranteedBoundMs({
    eventLatencyMs: EVENT_LATENCY_MS,
    intervalSeconds: Math.min(intervalSeconds, HOT_INTERVAL_SECONDS)
  }),
  unheardMs: guaranteedBoundMs({ eventLatencyMs: sweepEveryMs + SWEEP_RUN_MS, intervalSeconds })
});
function intervalSecondsOf({ config }) {
  const seconds = Number(config.options?.distributed_interval);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : FLAGFILE_INTERVAL_SECONDS;
}
function lateByMs({ toldBy, eventAtMs, answeredAtMs }, pace, enrolledAtMs = 0) {
  const { idleMs, unheardMs } = boundsOf(pace);
  const boundMs = toldBy === "event" ? idleMs + EVENT_TIME_STEP_MS : unheardMs;
  return Math.max(0, answeredAtMs - Math.max(eventAtMs, enrolledAtMs) - boundMs);
}

// lib/core/policy/agent-config.ts
import { createHash as createHash10 } from "node:crypto";
function profileFor(profiles, node) {
  const profile = profiles.find(({ match }) => match === void 0 || matchNode(match, node));
  if (!profile) throw new Error("the policy has no default profile");
  return profile;
}
var made = /* @__PURE__ */ new WeakMap();
function agentConfig(profile) {
  const known = made.get(profile);
  if (known) return known;
  const json3 = documentOf(profile);
  const config = { json: json3, configHash: configHash(json3) };
  made.set(profile, config);
  return config;
}
var configHash = (json3) => sha12(sha12(json3));
var MAX_BYTES = 1024 * 1024;
function documentOf({ name, config }) {
  if (Object.keys(config).length === 0) throw new Error(`the profile ${name} is empty`);
  const json3 = JSON.stringify(config).replace(/\\(?:u(....)|.)/g, (written, digits) => {
    if (digits?.startsWith("d")) throw new Error(`the profile ${name} holds half a character`);
    return digits ? `\\u${digits.toUpperCase()}` : written;
  });
  const bytes = Buffer.byteLength(json3);
  if (bytes > MAX_BYTES) throw new Error(`the profile ${name} takes ${bytes} bytes, ${MAX_BYTES} are allowed`);
  return json3;
}
var sha12 = (text2) => createHash10("sha1").update(text2).digest("hex");

// lib/core/nodes/poller.ts
function pollerOf(node, profiles, nowMs) {
  const profile = profileFor(profiles, factsOf(node, nowMs));
  return { profile: profile.name, intervalSeconds: intervalSecondsOf(profile), enrolledAtMs: node.enrolledAtMs };
}

// lib/core/triggers/task.ts
function taskSnapshot({ task, occurredAtMs: occurredAtMs2, toldBy }, receivedAtMs, essential) {
  const goesOn = task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING";
  const containers2 = task.containers.map(({ addresses: _, runtimeId, ...container }) => {
    const isSafe = runtimeId !== void 0 && SAFE_ID.test(runtimeId);
    return {
      ...container,
      runtimeId: isSafe ? runtimeId : void 0,
      unsafeId: runtimeId !== void 0 && !isSafe ? true : void 0,
      essential: essential && !essential.has(container.name) ? false : void 0,
      endedFirst: goesOn && container.lastStatus === "STOPPED" ? true : void 0
    };
  });
  return {
    workload: task.taskArn,
    kind: "ecs-task",
    version: task.version,
    versionStep: 1,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    stopped: task.lastStatus === "STOPPED" || task.lastStatus === "DELETED",
    subjects: containers2.flatMap(({ runtimeId }) => runtimeId ?? []),
    containers: containers2,
    identity: taskDecorations(task),
    times: timesOf(task),
    occurredAtMs: occurredAtMs2,
    receivedAtMs,
    toldBy
  };
}
var MAX_ADDRESSES = 50;
function taskDecorations(task) {
  const { family, revision } = taskDefinition(task.taskDefinitionArn);
  const addresses2 = [...task.addresses, ...task.containers.flatMap((container) => container.addresses)];
  return defined({
    task_arn: task.taskArn,
    cluster: lastPart2(task.clusterArn) || void 0,
    task_family: family || void 0,
    task_revision: revision,
    container_instance: task.containerInstanceArn,
    launch_type: task.launchType,
    group: task.group,
    started_by: task.startedBy,
    availability_zone: task.availabilityZone,
    ip: listed(addresses2),
    mac: listed(task.macs),
    eni: listed(task.enis),
    subnet: listed(task.subnets),
    created_at: task.createdAt === void 0 ? void 0 : new Date(task.createdAt).toISOString(),
    stop_code: task.stopCode,
    stopped_reason: task.stoppedReason,
    task_tags: tagText(task.tags)
  });
}
var timesOf = (task) => defined({
  createdAtMs: task.createdAt,
  pullStartedAtMs: task.pullStartedAt,
  startedAtMs: task.startedAt,
  executionStoppedAtMs: task.executionStoppedAt,
  stoppedAtMs: task.stoppedAt
});
var listed = (texts) => [...new Set(texts)].slice(0, MAX_ADDRESSES).join(" ") || void 0;
function containerDecorations(snapshot) {
  return Object.fromEntries(
    snapshot.containers.flatMap(
      ({ runtimeId, name, image, imageDigest }) => runtimeId ? [[runtimeId, defined({ container_name: name, image, image_digest: imageDigest })]] : []
    )
  );
}
var defined = (entries) => Object.fromEntries(Object.entries(entries).filter((entry) => entry[1] !== void 0));
var lastPart2 = (arn) => arn.slice(arn.lastIndexOf("/") + 1);
function taskDefinition(arn) {
  const name = lastPart2(arn);
  const colon = name.lastIndexOf(":");
  return colon < 0 ? { family: name, revision: "" } : { family: name.slice(0, colon), revision: name.slice(colon + 1) };
}

// lib/core/policy/event-pattern-operators.ts
var EventPatternError = class extends Error {
  constructor(path, reason) {
    super(`${path}: ${reason}`);
    this.path = path;
  }
  path;
  name = "EventPatternError";
};
var NUMERIC_LIMIT = 5e9;
function compileLeaf(alternatives, where) {
  if (alternatives.length === 0) throw new EventPatternError(where, "an empty array is not allowed");
  let absent = false;
  const tests = [];
  for (const [index, alternative] of alternatives.entries()) {
    const at2 = `${where}[${index}]`;
    if (Array.isArray(alternative)) throw new EventPatternError(at2, "arrays cannot be nested");
    if (typeof alternative !== "object" || alternative === null) tests.push(exactly(alternative));
    else {
      const [operator, operand] = onlyEntry(alternative, at2);
      if (operator === "exists" && operand === false) absent = true;
      else tests.push(compileOperator(operator, operand, at2));
    }
  }
  return { absent, matches: (value) => tests.some((test) => test(value)) };
}
function compileOperator(operator, operand, at2) {
  const where = `${at2}.${operator}`;
  switch (operator) {
    case "exactly":
      return onString(exactText(text(operand, where)));
    case "prefix":
    case "suffix":
      return onString(affix(operator, operand, where));
    case "equals-ignore-case":
      return onString(ignoringCase(text(operand, where), "^", "$"));
    case "wildcard":
      return onString(wildcard(text(operand, where), where));
    case "cidr":
      return onString(cidr(text(operand, where), where));
    case "numeric":
      return numeric(operand, where);
    case "anything-but":
      return anythingBut(operand, where);
    case "exists":
      if (operand !== true) throw new EventPatternError(where, "must be true or false");
      return () => true;
    default:
      throw new EventPatternError(where, `unknown operator "${operator}"`);
  }
}
function exactly(literal2) {
  const address = typeof literal2 === "string" ? addressBits(literal2) : void 0;
  if (address === void 0) return (value) => value === literal2;
  return onString((value) => addressBits(value) === address);
}
var exactText = (wanted) => (value) => value === wanted;
function affix(operator, operand, where) {
  if (typeof operand === "object" && operand !== null) {
    const [inner, affixText] = onlyEntry(operand, where);
    if (inner !== "equals-ignore-case")
      throw new EventPatternError(`${where}.${inner}`, "only equals-ignore-case is allowed here");
    const wanted2 = text(affixText, `${where}.${inner}`);
    return operator === "prefix" ? ignoringCase(wanted2, "^", "") : ignoringCase(wanted2, "", "$");
  }
  const wanted = text(operand, where);
  return operator === "prefix" ? (value) => value.startsWith(wanted) : (value) => value.endsWith(wanted);
}
function ignoringCase(wanted, start, end) {
  const characters = wanted.split("").map((character) => {
    const [lower, upper] = [literal(character.toLowerCase()), literal(character.toUpperCase())];
    return lower === upper ? lower : `(?:${lower}|${upper})`;
  });
  const pattern = new RegExp(`${start}${characters.join("")}${end}`);
  return (value) => pattern.test(value);
}
var literal = (characters) => characters.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
function wildcard(glob, where) {
  const parts = [""];
  for (let i = 0; i < glob.length; i++) {
    const [character, next] = [glob.charAt(i), glob.charAt(i + 1)];
    if (character === "*") {
      if (next === "*") throw new EventPatternError(where, `consecutive wildcards at position ${i}`);
      parts.push("");
    } else if (character === "\\") {
      if (next !== "*" && next !== "\\") throw new EventPatternError(where, `invalid escape at position ${i}`);
      parts[parts.length - 1] += next;
      i++;
    } else {
      parts[parts.length - 1] += character;
    }
  }
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  if (last === void 0) return exactText(first);
  return (value) => {
    if (!value.startsWith(first) || !value.endsWith(last)) return false;
    let position = first.length;
    for (const part of rest) {
      const found2 = value.indexOf(part, position);
      if (found2 === -1) return false;
      position = found2 + part.length;
    }
    return position + last.length <= value.length;
  };
}
function cidr(block, where) {
  const matcher = cidrMatcher(block);
  if (typeof matcher === "string") throw new EventPatternError(where, matcher);
  return matcher;
}
function numeric(operand, where) {
  if (!Array.isArray(operand)) throw new EventPatternError(where, "must be an array of comparisons");
  const [first, firstValue, second, secondValue] = operand;
  const bounds = [comparison(first, firstValue, `${where}[0]`)];
  if (operand.length > 2) {
    if (![">", ">="].includes(first) || !["<", "<="].includes(second)) {
      throw new EventPatternError(where, 'a range is ">" or ">=" followed by "<" or "<="');
    }
    bounds.push(comparison(second, secondValue, `${where}[2]`));
    if (firstValue >= secondValue) throw new EventPatternError(where, "the lower bound must be below the upper bound");
  }
  if (operand.length > 4) throw new EventPatternError(where, "too many terms");
  return (value) => typeof value === "number" && isComparable(value) && bounds.every((bound) => bound(value));
}
function comparison(operator, bound, where) {
  if (typeof bound !== "number" || !isComparable(bound)) {
    throw new EventPatternError(
      where,
      `the number to compare with must be between -${NUMERIC_LIMIT} and ${NUMERIC_LIMIT}`
    );
  }
  switch (operator) {
    case "=":
      return (value) => value === bound;
    case "<":
      return (value) => value < bound;
    case "<=":
      return (value) => value <= bound;
    case ">":
      return (value) => value > bound;
    case ">=":
      return (value) => value >= bound;
    default:
      throw new EventPatternError(where, "the comparison must be one of = < <= > >=");
  }
}
var isComparable = (value) => Math.abs(value) <= NUMERIC_LIMIT;
function anythingBut(operand, where) {
  if (typeof operand !== "object" || operand === null || Array.isArray(operand)) {
    const excluded2 = list(operand);
    const kinds = new Set(excluded2.map((value) => typeof value));
    if (kinds.size !== 1 || !(kinds.has("string") || kinds.has("number"))) {
      throw new EventPatternError(where, "must be a string, a number, or a list of only strings or only numbers");
    }
    return (value) => !excluded2.includes(value);
  }
  const [operator, inner] = onlyEntry(operand, where);
  const at2 = `${where}.${operator}`;
  const excluded = list(inner).map((value) => {
    const wanted = text(value, at2);
    if (operator === "equals-ignore-case") return ignoringCase(wanted, "^", "$");
    if (operator === "wildcard") return wildcard(wanted, at2);
    if (operator !== "prefix" && operator !== "suffix")
      throw new EventPatternError(at2, "not allowed inside anything-but");
    if (wanted === "") throw new EventPatternError(at2, "an empty string is not allowed here");
    return affix(operator, wanted, at2);
  });
  if (excluded.length === 0) throw new EventPatternError(at2, "an empty list is not allowed");
  return (value) => typeof value !== "string" || !excluded.some((test) => test(value));
}
var list = (value) => Array.isArray(value) ? value : [value];
var onString = (test) => (value) => typeof value === "string" && test(value);
function text(operand, where) {
  if (typeof operand !== "string") throw new EventPatternError(where, "must be a string");
  return operand;
}
function onlyEntry(expression, where) {
  const [entry, ...others] = Object.entries(expression);
  if (entry === void 0 || others.length > 0) throw new EventPatternError(where, "must have exactly one operator");
  return entry;
}

// lib/core/policy/event-pattern.ts
var MAX_BRANCHES = 1e3;
var RESERVED_IN_OR = /* @__PURE__ */ new Set([
  ...["exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"],
  ...["=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "in-date-range"],
  ...["date-after", "date-on-or-after", "date-before", "date-on-or-before"],
  ...["ip-address-in-range", "ip-address-not-in-range"]
]);
var isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
function compilePattern(pattern) {
  if (!isObject(pattern)) throw new EventPatternError("$", "a pattern is a JSON object");
  const branches = compileObject(pattern, "", "$", [], false).map(
    (branch) => [...branch].map(([path, leaf]) => ({ path, ...leaf })).sort((a, b) => a.path < b.path ? -1 : 1)
    // event-ruler's order: it decides what `exists: false` sees
  );
  return (event) => isObject(event) && branches.some((tests) => matches(tests, event));
}
function compileObject(pattern, prefix, where, branches, inOr) {
  const entries = Object.entries(pattern);
  if (entries.length === 0) throw new EventPatternError(where, "an empty object is not allowed");
  let result = branches;
  for (const [key, value] of entries) {
    const at2 = `${where}.${key}`;
    if (key === "$or") {
      result = compileOr(value, prefix, at2, result);
      continue;
    }
    if (inOr && RESERVED_IN_OR.has(key)) throw new EventPatternError(at2, `"${key}" is reserved inside $or`);
    const path = `${prefix}${key}`;
    if (Array.isArray(value)) {
      const leaf = compileLeaf(value, at2);
      if (result.length === 0) result = [/* @__PURE__ */ new Map()];
      for (const branch of result) branch.set(path, leaf);
    } else if (isObject(value)) {
      result = compileObject(value, `${path}.`, at2, result, inOr);
    } else {
      throw new EventPatternError(at2, "must be an object or an array of allowed values");
    }
  }
  return result;
}
function compileOr(value, prefix, where, branches) {
  if (!Array.isArray(value) || value.length < 2)
    throw new EventPatternError(where, "must be an array of 2 or more objects");
  const result = value.flatMap((alternative, index) => {
    if (!isObject(alternative)) throw new EventPatternError(`${where}[${index}]`, "must be an object");
    const copies = branches.length === 0 ? [/* @__PURE__ */ new Map()] : branches.map((branch) => new Map(branch));
    return compileObject(alternative, prefix, `${where}[${index}]`, copies, true);
  });
  if (result.length > MAX_BRANCHES) {
    throw new EventPatternError(where, `multiplies to ${result.length} combinations, ${MAX_BRANCHES} are allowed`);
  }
  return result;
}
function matches(tests, event) {
  const ids = /* @__PURE__ */ new Map();
  const idOf2 = (array) => ids.get(array) ?? ids.set(array, ids.size).size - 1;
  const failed = /* @__PURE__ */ new Set();
  const search2 = (position, bound) => {
    const test = tests[position];
    if (test === void 0) return true;
    const kept = bound.filter(({ path }) => tests.some((t2, i) => i >= position && entersArray(t2.path, path)));
    const state = [position, ...kept.map(({ array, index }) => `${idOf2(array)}.${index}`)].join();
    if (failed.has(state)) return false;
    let present = false;
    for (const leaf of leaves(event, test.path, 0, kept)) {
      present = true;
      if (test.matches(leaf.value) && search2(position + 1, leaf.bound)) return true;
    }
    if (test.absent && !present && search2(position + 1, kept)) return true;
    failed.add(state);
    return false;
  };
  return search2(0, []);
}
var entersArray = (path, arrayPath) => path === arrayPath || path.startsWith(`${arrayPath}.`);
function* leaves(node, path, from2, bound) {
  if (Array.isArray(node)) {
    const settled = bound.find(({ array }) => array === node);
    for (const [index, element] of settled ? [[settled.index, node[settled.index]]] : node.entries()) {
      if (typeof element !== "object" || element === null) {
        if (from2 > path.length) yield { value: element, bound };
        continue;
      }
      const binding = { array: node, index, path: path.slice(0, from2 - 1) };
      yield* leaves(element, path, from2, settled ? bound : [...bound, binding]);
    }
  } else if (isObject(node)) {
    if (from2 > path.length) return;
    for (let end = path.indexOf(".", from2); ; end = path.indexOf(".", end + 1)) {
      const step = path.slice(from2, end === -1 ? path.length : end);
      if (Object.hasOwn(node, step)) yield* leaves(node[step], path, from2 + step.length + 1, bound);
      if (end === -1) return;
    }
  } else if (from2 > path.length) {
    yield { value: node, bound };
  }
}

// lib/core/policy/compiled-policy.ts
var REQUEST = "Mayfly Query Request";
function compiledPolicy(policy) {
  const events = policy.rules.flatMap((rule) => {
    if ("event" in rule.on) return [{ rule, matches: compilePattern(rule.on.event) }];
    if (!("request" in rule.on)) return [];
    return [{ rule, matches: compilePattern({ "detail-type": [REQUEST], detail: { request: [rule.on.request] } }) }];
  });
  const logs = policy.rules.flatMap((rule) => {
    if (!("log" in rule.on)) return [];
    const { query, columns: columns2, action } = rule.on.log;
    const named = globMatcher(query);
    const like = columns2 ? compilePattern(columns2) : () => true;
    return [
      {
        rule,
        matches: (row) => named(row.query) && (!action || action.includes(row.action)) && like(row.columns)
      }
    ];
  });
  return {
    policy,
    eventRules: (event) => events.flatMap(({ rule, matches: matches2 }) => !rule.lastGasp && matches2(event) ? [rule] : []),
    lastGaspRules: (event) => {
      const ending = endingIn(event);
      const first = ending === "ecs-task-host" ? asIfRunning(event, "STOPPED") : event;
      return events.flatMap(
        ({ rule, matches: matches2 }) => rule.lastGasp && rule.target === ending && (matches2(first) || matches2(event)) ? [rule] : []
      );
    },
    postMortemRules: (event) => {
      const running = asIfRunning(event);
      return events.flatMap(
        ({ rule, matches: matches2 }) => rule.postMortem.length > 0 && (matches2(running) || matches2(event)) ? [rule] : []
      );
    },
    enrollmentRules: policy.rules.filter((rule) => "enrollment" in rule.on),
    logRules: (row) => logs.flatMap(({ rule, matches: matches2 }) => matches2(row) ? [rule] : [])
  };
}
function asIfRunning(event, desiredStatus = "RUNNING") {
  const { detail, ...envelope2 } = Object(event);
  const containers2 = Array.isArray(detail?.containers) ? detail.containers.map((container) => ({ ...Object(container), lastStatus: "RUNNING" })) : void 0;
  return {
    ...envelope2,
    detail: { ...detail, lastStatus: "RUNNING", desiredStatus, ...containers2 ? { containers: containers2 } : {} }
  };
}

// lib/core/triggers/fields.ts
var MAX_BYTES2 = 1024;
var MAX_ID = 255;
var MAX_DETAIL_BYTES = 512;
var wellFormed = (value) => value.toWellFormed();
var isFields = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
var fieldsOf = (value) => isFields(value) ? value : {};
function nameOf2(value) {
  if (typeof value !== "string" || value === "") return void 0;
  const name = wellFormed(value);
  return Buffer.byteLength(name) <= MAX_BYTES2 ? name : void 0;
}
var instanceIdOf = (value) => typeof value === "string" && value !== "" && value.length <= MAX_ID ? wellFormed(value) : void 0;
function textOf(value) {
  if (typeof value !== "string") return void 0;
  const cut3 = Buffer.from(value).subarray(0, MAX_DETAIL_BYTES);
  return cut3.toString().replace(/\uFFFD$/, "");
}
function wholeOf(value) {
  const number2 = typeof value === "string" && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number2 === "number" && Number.isSafeInteger(number2) ? number2 : void 0;
}
var LEAST_MS3 = 1e11;
var MOST_MS = 864e13;
function instantOf(value) {
  if (typeof value === "string" && value !== "") {
    const atMs2 = Date.parse(value);
    return Number.isFinite(atMs2) ? atMs2 : void 0;
  }
  if (typeof value !== "number" || !(value > 0)) return void 0;
  const atMs = Math.round(value < LEAST_MS3 ? value * 1e3 : value);
  return atMs <= MOST_MS ? atMs : void 0;
}
var listOf = (value) => Array.isArray(value) ? value.filter(isFields) : [];
var namesOf2 = (value) => Array.isArray(value) ? value.flatMap((element) => nameOf2(element) ?? []) : [];

// lib/core/triggers/task-questions.ts
var unseen = ({ subjects, seenLive, seenPostMortem }) => subjects.filter((id) => !seenLive.includes(id) && !seenPostMortem.includes(id));
var WINDING_DOWN = /* @__PURE__ */ new Set(["DEACTIVATING", "STOPPING", "DEPROVISIONING"]);
function askingsFor(record2, raw, policy, nowMs) {
  const secondsLeft = Math.floor((deadlineOf(record2.occurredAtMs, nowMs) - nowMs) / 1e3);
  const lastGasps = isStopSignal(record2) ? policy.lastGaspRules(raw).map((rule) => lastGaspOf(rule, secondsLeft)) : [];
  if (record2.subjects.length > 0 && unseen(record2).length === 0) return lastGasps;
  const onHost = (asking) => asking.rule.target === "ecs-task-host";
  if (record2.stopped) {
    const rules = policy.eventRules(raw).filter((rule) => rule.postMortem.length === 0);
    const ended = rules.map((rule) => askingOf(rule, "post-mortem"));
    return [...ended, ...policy.postMortemRules(raw).map(postMortemOf)].filter(onHost);
  }
  const missedStart = WINDING_DOWN.has(record2.lastStatus) && !record2.handling?.asked.some(({ set }) => set === "live");
  const live = policy.eventRules(missedStart ? asIfRunning(raw) : raw).map((rule) => askingOf(rule, "live")).filter(onHost);
  return [...lastGasps, ...live];
}
function withKnown(raw, { containers: containers2 }) {
  const detail = fieldsOf(fieldsOf(raw).detail);
  const told2 = new Map(listOf(detail.containers).map((container) => [container.name, container]));
  const untold2 = containers2.filter(({ name, runtimeId }) => runtimeId !== void 0 && !told2.get(name)?.runtimeId);
  if (untold2.length === 0) return raw;
  for (const container of untold2)
    told2.set(container.name, { ...container, ...told2.get(container.name), runtimeId: container.runtimeId });
  return { ...fieldsOf(raw), detail: { ...detail, containers: [...told2.values()] } };
}
var causeOf2 = (event, record2, machine) => ({
  key: `${record2.workload} ${[...record2.subjects].sort().join(" ")}`,
  trigger: withKnown(event.raw, record2),
  workload: record2.workload,
  subjects: record2.subjects,
  decorations: { ...machine, ...record2.identity },
  subjectDecorations: containerDecorations(record2),
  triggeredAtMs: event.occurredAtMs,
  receivedAtMs: record2.receivedAtMs,
  toldBy: record2.toldBy
});

// lib/core/triggers/handle-task.ts
async function handleTask(event, deps) {
  const { ledger, now } = deps;
  const record2 = await ledger.advance(taskSnapshot(event, now(), await essentialsOf(event, deps)));
  if (!record2) return "stale";
  noteAccount(record2, event, deps);
  const policy = await deps.policy();
  const site = await siteOf(event.task, record2.handling, policy.policy.profiles, deps);
  const plan = planTask(record2, event, site, policy, now());
  const queries = await ask2(plan, record2, site, policy, deps);
  const stays = await noteAddresses(record2, event, ledger);
  if (site.hasEnded && unseen(record2).length > 0) await ledger.troubled(record2.workload, "host-gone");
  await takeBack(withdrawnOf(plan, record2, queries), record2, site, deps);
  const handling = handlingOf(plan, record2, site, queries, now());
  await tellOfEnd(record2, handling.settleByMs, deps);
  if (!await ledger.handled(record2.workload, record2.version, { ...handling, stays }))
    return superseded(record2, queries, deps);
  if (!site.host && record2.subjects.length > 0) return "no-host";
  return queries.length > 0 ? "asked" : "noted";
}
function noteAccount({ workload }, { account }, { report }) {
  if (account !== "" && placeOf(workload).account !== account) report("account_differs", { workload, account });
}
function planTask(record2, event, { waitsFor, hasEnded, machine, alias }, policy, nowMs) {
  const askings = waitsFor && !hasEnded ? askingsFor(record2, event.raw, policy, nowMs) : [];
  const asked = uniqueKeys([...record2.handling?.asked ?? [], ...record2.alsoAsked]);
  const known = new Set(asked.map(({ queryId }) => queryId));
  const cause = { ...causeOf2(event, record2, machine), alias };
  const { queries, refusals } = questions(waitsFor ?? "", askings, cause, nowMs);
  return {
    fresh: { queries: queries.filter(({ queryId }) => !known.has(queryId)), refusals },
    heatSeconds: heatSecondsOf(askings),
    asked,
    // Its end turns live queries that nobody took into the post-mortem set; they may have moved since they were asked.
    late: record2.stopped ? asked.filter(({ set }) => set === "last-gasp" || set === "live") : []
  };
}
async function ask2({ fresh, heatSeconds, late }, { workload, stopped }, { host, waitsFor, poller }, { policy }, deps) {
  const heat = poller ? heatSeconds : 0;
  const leaving = new Set(late.map(({ queryId }) => queryId));
  const queries = waitsFor ? await enqueue(waitsFor, fresh, policy.limits, heat, deps, workload, leaving) : [];
  if (!host && waitsFor && queries.length > 0) await joinHost(waitsFor, deps);
  if (host && poller && !stopped && policy.heatSeconds > heat)
    await deps.registry.heat(host, deps.now() + policy.heatSeconds * 1e3);
  return queries;
}
function withdrawnOf({ late }, record2, queries) {
  const isReplaced = unseen(record2).length === 0 || queries.some(({ evidence }) => evidence);
  return late.filter(({ set }) => set === "last-gasp" || isReplaced);
}
async function takeBack(keys, record2, { host, waitsFor }, { queue, ledger, now }) {
  if (keys.length === 0) return;
  const isOpen2 = ({ queryId, answerByMs }) => answerByMs !== void 0 && !record2.closed.includes(queryId);
  const waiting = waitsFor && keys.some(isOpen2) ? await queue.waiting(waitsFor, now()) : /* @__PURE__ */ new Set();
  const moved = keys.flatMap((key) => host && key.host !== host ? [{ ...key, host }] : []);
  await queue.remove([...keys, ...moved]);
  const closed = keys.filter((key) => isOpen2(key) && waiting.has(key.queryId));
  await ledger.closed(
    record2.workload,
    closed.map(({ queryId }) => queryId)
  );
}
function handlingOf({ asked }, { handling: before }, { host, machine, poller, hasEnded }, queries, nowMs) {
  return {
    host,
    machine,
    enrolled: poller !== void 0 || hasEnded || (before?.enrolled ?? false),
    asked: uniqueKeys([...asked, ...queries.map(keyOf)]),
    settleByMs: hasEnded ? nowMs : Math.max(before?.settleByMs ?? 0, settleByMsOf(queries)),
    ...firstAskedOf(before, queries, poller)
  };
}
async function superseded({ workload, stopped }, queries, { ledger, queue }) {
  const keys = queries.map(keyOf);
  await ledger.alsoAsked(workload, keys);
  const [newer] = await ledger.read([workload]);
  if (!newer?.stopped || stopped) return "superseded";
  await queue.remove(keys);
  await ledger.closed(
    workload,
    keys.flatMap(({ queryId, answerByMs }) => answerByMs === void 0 ? [] : [queryId])
  );
  return "superseded";
}
async function siteOf({ clusterArn, containerInstanceArn }, before, profiles, deps) {
  const { hosts, ledger, now } = deps;
  const runsOn = await hosts.instanceOf(clusterArn, containerInstanceArn);
  const name = runsOn ?? before?.machine?.instance_id ?? before?.host;
  const [found2, [instance] = []] = await Promise.all([
    name === void 0 ? void 0 : hostOf(name, deps),
    runsOn === void 0 ? void 0 : ledger.read([runsOn])
  ]);
  const node = found2?.node;
  return {
    host: found2?.host,
    alias: found2?.alias,
    // An instance that nobody knows yet may be known in a moment: its events overtake each other.
    waitsFor: found2?.host ?? containerInstanceArn,
    poller: lives(node, now()) ? pollerOf(node, profiles, now()) : void 0,
    hasEnded: node?.endedAtMs !== void 0 || instance?.stopped === true,
    machine: machineBehind(runsOn, instance, before?.machine)
  };
}
function machineBehind(runsOn, instance, before) {
  if (before?.ami_id || !runsOn) return before;
  return instance ? machineOf(instance) : { instance_id: runsOn };
}
var LONG_LIFE_MS = 24 * 36e5;
async function noteAddresses(record2, { task, occurredAtMs: occurredAtMs2 }, ledger) {
  const ownMs = task.pullStartedAt ?? (record2.handling ? occurredAtMs2 : task.startedAt ?? task.createdAt);
  const { stays, came } = movesOf(record2.identity, record2.stays, Math.min(ownMs ?? occurredAtMs2, record2.receivedAtMs));
  if (Object.keys(came).length > 0) await ledger.came(record2, came);
  else if (record2.stopped && record2.receivedAtMs - record2.firstReceivedAtMs > LONG_LIFE_MS)
    await ledger.came(record2, stays);
  return stays;
}
async function essentialsOf({ task }, { definitions }) {
  const isNamed2 = task.taskDefinitionArn !== "";
  return isNamed2 && task.containers.length > 1 ? definitions.essentialContainers(task.taskDefinitionArn) : void 0;
}
async function joinHost(containerInstanceArn, deps) {
  const instance = await deps.hosts.news(containerInstanceArn);
  if (instance) await moveWaiting(containerInstanceArn, (await hostOf(instance, deps)).host, deps);
}

// lib/core/triggers/handle-event.ts
async function handleEvent(event, deps) {
  if (event.kind === "task") {
    const { task, occurredAtMs: occurredAtMs2, raw } = event.event;
    await handleRules({ id: `${task.taskArn} ${task.version}`, occurredAtMs: occurredAtMs2, raw }, deps, "ecs-task-host");
    return handleTask(event.event, deps);
  }
  if (event.kind === "launch") {
    const outcome = await handleLaunch(event.event, deps);
    const id = await launchOf(event.event, deps);
    if (id) await handleRules({ ...event.event, id }, deps, "ec2-instance");
    return outcome;
  }
  if (event.kind === "notice") return handleNotice(event.event, deps);
  if (event.kind === "end") {
    const { instanceId, state } = event.event;
    const outcome = await endInstance(event.event, deps);
    await handleRules({ ...event.event, id: `${instanceId} ${state}` }, deps, "ec2-instance");
    return outcome;
  }
  if (event.kind === "other") return await handleRules(event.event, deps) > 0 ? "asked" : "noted";
  if (event.kind === "ignored" || event.kind === "malformed") return ignore(event, deps);
  return handleContainerInstance(event, deps);
}
function ignore(event, { report }) {
  if (event.kind === "malformed") report("event_malformed", { why: event.why });
  else report("event_ignored", { eventId: event.eventId, why: event.why });
  return "ignored";
}
async function handleContainerInstance(event, deps) {
  await learnHost(event, deps);
  if (await handleRules(event.event, deps) > 0) return "asked";
  if (event.instance) return "learned";
  return ignore({ kind: "ignored", eventId: event.event.id, why: `${event.arn} names no EC2 instance` }, deps);
}
async function launchOf({ instanceId, occurredAtMs: occurredAtMs2 }, { ledger }) {
  const [instance] = await ledger.read([instanceId]);
  if (!instance || instance.stopped || occurredAtMs2 <= instance.version - SAME_LAUNCH_MS) return void 0;
  return `${instanceId} ${instance.version}`;
}
async function learnHost(event, deps) {
  if (event.kind !== "container-instance" || !event.instance) return;
  const { arn, instance } = event;
  await deps.hosts.learn(arn, instance, async () => moveWaiting(arn, (await hostOf(instance, deps)).host, deps));
}
async function prepareBatch(events, deps) {
  for (const event of events) await learnHost(event, deps);
  const tasks = events.flatMap((event) => event.kind === "task" ? [event.event.task] : []);
  await deps.hosts.prefetch(
    tasks.flatMap(
      ({ clusterArn, containerInstanceArn }) => containerInstanceArn ? [{ clusterArn, containerInstanceArn }] : []
    )
  );
}

// lib/core/reconcile/each.ts
var AT_ONCE = 10;
async function each(items, act) {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await act(item);
  };
  const workers = Array.from({ length: Math.min(AT_ONCE, items.length) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}

// lib/core/reconcile/spend.ts
var OutOfBudget = class extends Error {
  name = "OutOfBudget";
};
var SHARES = {
  tasks: { burst: 20, perSecond: 4 },
  definitions: { burst: 10, perSecond: 4 }
};
var Spend = class {
  #now;
  #pause;
  #buckets;
  #untilMs = 0;
  #calls = {};
  #sharedCalls = 0;
  /** @param pause resolves after so many ms by the same clock */
  constructor(now, pause) {
    this.#now = now;
    this.#pause = pause;
    this.#buckets = { tasks: new Bucket2(SHARES.tasks, now()), definitions: new Bucket2(SHARES.definitions, now()) };
  }
  /** A new sweep, to be done by `untilMs`. Buckets keep what they hold: the sweep before may have just ended. */
  begin(untilMs) {
    this.#untilMs = untilMs;
    for (const bucket of Object.values(this.#buckets)) bucket.refused = false;
    this.#calls = {};
    this.#sharedCalls = 0;
  }
  /**
   * Takes one call out of a bucket. Of those about tasks it waits until there is one; what a task definition says is only
   * good to know, and the next sweep may ask for it.
   *
   * @throws {OutOfBudget} when there is none, or it would have to wait too long, or after a refusal
   */
  async take(from2) {
    const bucket = this.#buckets[from2];
    const waitMs = bucket.take(this.#now());
    const isLate = from2 === "definitions" ? waitMs > 0 : this.#now() + waitMs >= this.#untilMs;
    if (bucket.refused || this.isOver || isLate) {
      bucket.giveBack();
      throw new OutOfBudget("the sweep has spent its share of calls, or its time");
    }
    if (waitMs > 0) await this.#pause(waitMs);
  }
  /** Counts attempts at one call. @param from the bucket it was taken out of: what was tried again drains the same one */
  count(api, attempts, from2) {
    this.#calls[api] = (this.#calls[api] ?? 0) + attempts;
    if (!from2) return;
    this.#sharedCalls += attempts;
    this.#buckets[from2].drain(attempts - 1);
  }
  /** AWS refused a call for there having been too many: this sweep makes no more of that kind. */
  refused(from2) {
    this.#buckets[from2].refused = true;
  }
  /** Whether the time is over: nothing new is to be begun. */
  get isOver() {
    return this.#now() >= this.#untilMs;
  }
  /** Whether AWS refused a call of any shared kind. */
  get throttled() {
    return Object.values(this.#buckets).some(({ refused: refused2 }) => refused2);
  }
  /** Calls by API, retries included. */
  get calls() {
    return { ...this.#calls };
  }
  /** Calls out of the shared buckets alone. */
  get sharedCalls() {
    return this.#sharedCalls;
  }
};
var Bucket2 = class {
  #burst;
  #perSecond;
  #tokens;
  #filledAtMs;
  refused = false;
  constructor({ burst, perSecond }, nowMs) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }
  /** Taken before the wait: callers that wait at the same time queue up behind each other. @returns ms until it is there */
  take(nowMs) {
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledAtMs) / 1e3 * this.#perSecond);
    this.#filledAtMs = nowMs;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perSecond * 1e3);
  }
  giveBack() {
    this.#tokens += 1;
  }
  drain(tokens) {
    this.#tokens -= tokens;
  }
};

// lib/core/reconcile/run.ts
var Run = class {
  deps;
  place;
  /** How far the sweeps before had come. */
  before;
  tally = { clusters: 0, listed: 0, described: 0, instances: 0, found: 0, caughtUp: 0, ahead: 0, findings: 0 };
  failures = 0;
  constructor(deps, place, before) {
    this.deps = deps;
    this.place = place;
    this.before = before;
  }
  /** @throws {OutOfBudget} when the time of this sweep is over */
  goOn() {
    if (this.deps.spend.isOver) throw new OutOfBudget("the time of this sweep is over");
  }
  /**
   * Does a part whose failure must not stop the others: it is told of and counted, and fails the function at the end.
   *
   * @returns whether it was done
   * @throws {OutOfBudget}
   */
  async attempt(what, part) {
    try {
      this.goOn();
      await part();
      return true;
    } catch (error) {
      if (error instanceof OutOfBudget) throw error;
      this.failures += 1;
      const why = error instanceof MayflyError ? `${error.code}: ${error.message}` : String(Object(error).stack ?? error);
      this.deps.report("sweep_failed", { what, error: why });
      return false;
    }
  }
  /** Handles what was found as its events would have been. */
  async handle(all) {
    const { report } = this.deps;
    const events = all.map(({ event }) => event);
    await prepareBatch(events, this.deps).catch((error) => report("batch_unprepared", { error: String(error) }));
    await each(all, async (one) => {
      await this.attempt(one.workload, async () => this.#count(one, await handleEvent(one.event, this.deps)));
    });
  }
  #count({ known, fresh }, outcome) {
    if (outcome === "stale" || outcome === "ignored") return;
    if (fresh) this.tally.ahead += 1;
    else if (known) this.tally.caughtUp += 1;
    else this.tally.found += 1;
  }
};

// lib/core/fleet/finding.ts
var CLOSED_AFTER_MS = {
  "no-agent": 10 * 6e4,
  "agent-silent": 10 * 6e4,
  "identity-contested": 24 * 36e5,
  // agents say who they are only when they enroll
  unattested: 36e5,
  // confirmed every five minutes while it polls
  "identifier-shared": 36e5,
  // confirmed every five minutes while both live
  "cleanup-too-short": 24 * 36e5
  // seen only where a container stops before anybody looked
};
async function noteFinding({ kind, host, detail }, { findings, report, now }) {
  if (await findings.note(kind, host, detail, now())) report("finding_opened", { kind, host, detail });
}

// lib/core/fleet/judge-fleet.ts
var SILENT_AFTER_MS2 = 15 * 6e4;
var isExpected = (instance, nowMs, noAgentAfterMs) => instance.state === "running" && nowMs - instance.launchedAtMs >= noAgentAfterMs && !isIgnored(identityOf(instance));
function judgeFleet(expected, enrolled2, nowMs) {
  const findings = [];
  const count = { running: expected.length, enrolled: 0, silent: 0 };
  for (const { instanceId, imageId = "unknown", launchedAtMs } of expected) {
    const node = enrolled2.get(instanceId);
    if (!node) {
      const detail2 = `it runs since ${at(launchedAtMs)}, image ${imageId}, and no node enrolled from it`;
      findings.push({ kind: "no-agent", host: instanceId, detail: detail2 });
      continue;
    }
    count.enrolled += 1;
    if (nowMs - Math.max(node.lastSeenMs, launchedAtMs) <= SILENT_AFTER_MS2) continue;
    count.silent += 1;
    const detail = `${instanceId} runs, its agent came last at ${at(node.lastSeenMs)}`;
    findings.push({ kind: "agent-silent", host: node.host, detail });
  }
  return { count, findings };
}
var at = (atMs) => new Date(atMs).toISOString();

// lib/core/nodes/tags.ts
var MAX_BYTES3 = 2048;
function tagsIn(identity2) {
  const all = Object.entries(identity2).flatMap(([name, value]) => name.startsWith("tag:") ? [[name.slice("tag:".length), value]] : []).sort(([a], [b]) => a < b ? -1 : 1);
  let bytes = 0;
  return Object.fromEntries(
    all.filter(([name, value]) => {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
      return bytes <= MAX_BYTES3;
    })
  );
}
var areSameTags = (one, other) => {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
};
async function tagsOf({ host, instanceId = host }, ledger) {
  const [instance] = instanceId.startsWith("i-") ? await ledger.read([instanceId]) : [];
  const tags2 = instance && tagsIn(instance.identity);
  return tags2 && Object.keys(tags2).length > 0 ? tags2 : void 0;
}

// lib/core/triggers/parse.ts
import { createHash as createHash11 } from "node:crypto";

// lib/core/triggers/parse-task.ts
var MAX_LIST = 50;
var MAX_ID2 = 256;
var MAX_VERSION = 1e9;
function readTask(envelope2, raw, toldBy) {
  const { id, account, region, occurredAtMs: occurredAtMs2, detail } = envelope2;
  const taskArn = nameOf2(detail.taskArn) ?? envelope2.resources.find(isTaskArn);
  if (taskArn === void 0) return malformed("taskArn: names no task");
  const lastStatus = nameOf2(detail.lastStatus);
  if (lastStatus === void 0) return malformed("lastStatus: names no state", taskArn);
  const version2 = wholeOf(detail.version);
  if (version2 === void 0 || version2 < 0 || version2 > MAX_VERSION)
    return malformed("version: no whole number from 0 to 1e9", taskArn);
  const containers2 = listOf(detail.containers);
  if (containers2.length > MAX_LIST) return malformed(`containers: more than ${MAX_LIST}`, taskArn);
  const containerInstanceArn = nameOf2(detail.containerInstanceArn);
  const attached = attachedTo(detail);
  const task = {
    taskArn,
    clusterArn: nameOf2(detail.clusterArn) ?? clusterIn(containerInstanceArn) ?? clusterIn(taskArn) ?? "",
    taskDefinitionArn: nameOf2(detail.taskDefinitionArn) ?? "",
    containerInstanceArn,
    launchType: textOf(detail.launchType),
    group: textOf(detail.group),
    startedBy: textOf(detail.startedBy),
    availabilityZone: textOf(detail.availabilityZone),
    lastStatus,
    desiredStatus: nameOf2(detail.desiredStatus) ?? (ENDING.has(lastStatus) ? "STOPPED" : "RUNNING"),
    version: version2,
    createdAt: instantOf(detail.createdAt),
    pullStartedAt: instantOf(detail.pullStartedAt),
    startedAt: instantOf(detail.startedAt),
    executionStoppedAt: instantOf(detail.executionStoppedAt),
    stoppedAt: instantOf(detail.stoppedAt),
    stopCode: textOf(detail.stopCode),
    stoppedReason: textOf(detail.stoppedReason),
    macs: attached("macAddress"),
    enis: attached("networkInterfaceId"),
    subnets: attached("subnetId"),
    addresses: attached("privateIPv4Address"),
    tags: tagsOf2(detail),
    containers: containers2.flatMap((container) => readContainer(container, lastStatus))
  };
  return { kind: "task", event: { id, account, region, raw, occurredAtMs: occurredAtMs2, toldBy, task } };
}
var ENDING = /* @__PURE__ */ new Set(["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED", "DELETED"]);
function malformed(what, taskArn) {
  return { kind: "malformed", why: `detail.${what}${taskArn === void 0 ? "" : ` (of ${taskArn.slice(0, 256)})`}` };
}
var isTaskArn = (name) => /^arn:[^:]*:ecs:[^:]*:[^:]*:task\//.test(name);
function clusterIn(arn) {
  const [, place, cluster] = /^(arn:[^:]*:ecs:[^:]*:[^:]*):[^:/]+\/([^/]+)\/[^/]+$/.exec(arn ?? "") ?? [];
  return place && cluster ? `${place}:cluster/${cluster}` : void 0;
}
function readContainer(container, taskStatus) {
  const runtimeId = typeof container.runtimeId === "string" && container.runtimeId !== "" ? textOf(container.runtimeId.slice(0, MAX_ID2)) : void 0;
  const name = nameOf2(container.name) ?? nameOf2(container.containerArn) ?? runtimeId;
  if (name === void 0) return [];
  const exitCode = wholeOf(container.exitCode);
  const hasStopped = exitCode !== void 0 || taskStatus === "STOPPED";
  return [
    {
      name,
      lastStatus: nameOf2(container.lastStatus) ?? (hasStopped ? "STOPPED" : "PENDING"),
      runtimeId,
      image: textOf(container.image),
      imageDigest: textOf(container.imageDigest),
      exitCode,
      reason: textOf(container.reason),
      addresses: listOf(container.networkInterfaces).slice(0, MAX_LIST).flatMap((card) => [textOf(card.privateIpv4Address) || [], textOf(card.ipv6Address) || []].flat())
    }
  ];
}
function attachedTo(detail) {
  const details2 = listOf(detail.attachments).slice(0, MAX_LIST).flatMap((attachment) => listOf(attachment.details).slice(0, MAX_LIST));
  return (wanted) => details2.flatMap(({ name, value }) => name === wanted ? textOf(value) || [] : []);
}
var tagsOf2 = (detail) => Object.fromEntries(
  listOf(detail.tags).slice(0, MAX_LIST).map(fieldsOf).flatMap(({ key, value }) => {
    const name = textOf(key);
    return name ? [[name, textOf(value) ?? ""]] : [];
  })
);

// lib/core/triggers/parse.ts
var ENDED = /* @__PURE__ */ new Set(["shutting-down", "terminated"]);
var ACTION_TOKEN = /^[0-9A-Za-z-]{36}$/;
var READERS = /* @__PURE__ */ new Map([
  ["aws.ecs ECS Task State Change", readTask],
  ["aws.ecs ECS Container Instance State Change", readContainerInstance],
  ["aws.ec2 EC2 Instance State-change Notification", readInstanceState],
  ["aws.autoscaling EC2 Instance Launch Successful", readGroupLaunch],
  ["aws.ec2 EC2 Spot Instance Interruption Warning", (envelope2, raw) => readNotice("interruption", envelope2, raw)],
  ["aws.ec2 EC2 Instance Rebalance Recommendation", (envelope2, raw) => readNotice("rebalance", envelope2, raw)],
  ["aws.autoscaling EC2 Instance-terminate Lifecycle Action", readHookAction]
]);
function parseEvent(input, toldBy = "event", heardAtMs) {
  const envelope2 = readEnvelope(input, heardAtMs);
  if ("kind" in envelope2) return envelope2;
  const read = READERS.get(envelope2.type) ?? readOther;
  return read(envelope2, input, toldBy);
}
function readEnvelope(input, heardAtMs) {
  const event = fieldsOf(input);
  const [source, detailType] = [nameOf2(event.source), nameOf2(event["detail-type"])];
  if (source === void 0) return malformed2("source: names none");
  if (detailType === void 0) return malformed2("detail-type: names none");
  const occurredAtMs2 = instantOf(event.time) ?? heardAtMs;
  if (occurredAtMs2 === void 0) return malformed2("time: not a date");
  return {
    id: nameOf2(event.id) ?? `unnamed-${createHash11("sha256").update(JSON.stringify(input)).digest("hex").slice(0, 32)}`,
    type: `${source} ${detailType}`,
    account: nameOf2(event.account) ?? "",
    region: nameOf2(event.region) ?? "",
    occurredAtMs: occurredAtMs2,
    resources: namesOf2(event.resources),
    detail: fieldsOf(event.detail)
  };
}
var malformed2 = (why) => ({ kind: "malformed", why });
var readOther = ({ id, occurredAtMs: occurredAtMs2 }, raw) => ({ kind: "other", event: { id, occurredAtMs: occurredAtMs2, raw } });
function readContainerInstance({ id, occurredAtMs: occurredAtMs2, detail, resources: resources2 }, raw) {
  const arn = nameOf2(detail.containerInstanceArn) ?? resources2.find((name) => /^arn:[^:]*:ecs:[^:]*:[^:]*:container-instance\//.test(name));
  if (arn === void 0) return malformed2("detail.containerInstanceArn: names no container instance");
  const instance = instanceIdOf(detail.ec2InstanceId);
  return { kind: "container-instance", arn, instance, event: { id, occurredAtMs: occurredAtMs2, raw } };
}
function readInstanceState(envelope2, raw, toldBy) {
  const { id, occurredAtMs: occurredAtMs2, detail } = envelope2;
  const instanceId = instanceIn(envelope2);
  const state = nameOf2(detail.state);
  if (instanceId === void 0) return noInstance("instance-id");
  if (state === void 0) return malformed2(`detail.state: names no state (of ${instanceId})`);
  if (ENDED.has(state)) return { kind: "end", event: { id, instanceId, state, occurredAtMs: occurredAtMs2, toldBy, raw } };
  if (state !== "running") return { kind: "ignored", eventId: id, why: `instance state ${state.slice(0, 64)}` };
  return { kind: "launch", event: { instanceId, identity: {}, occurredAtMs: occurredAtMs2, toldBy, raw } };
}
function readGroupLaunch(envelope2, raw, toldBy) {
  const { id, occurredAtMs: occurredAtMs2, detail } = envelope2;
  const instanceId = instanceIn(envelope2);
  if (instanceId === void 0) return { kind: "ignored", eventId: id, why: "launch without an instance" };
  if (detail.Destination === "WarmPool") return { kind: "ignored", eventId: id, why: "launch into a warm pool" };
  const known = [
    ["auto_scaling_group", groupIn(envelope2)],
    ["availability_zone", textOf(fieldsOf(detail.Details)["Availability Zone"])]
  ];
  const identity2 = Object.fromEntries(known.filter(([, value]) => value));
  return { kind: "launch", event: { instanceId, identity: identity2, occurredAtMs: occurredAtMs2, toldBy, raw } };
}
function readNotice(kind, envelope2, raw) {
  const { id, occurredAtMs: occurredAtMs2 } = envelope2;
  const instanceId = instanceIn(envelope2);
  if (instanceId === void 0) return noInstance("instance-id");
  return { kind: "notice", event: { id, kind, instanceId, notice: `${kind} ${occurredAtMs2}`, occurredAtMs: occurredAtMs2, raw } };
}
function readHookAction(envelope2, raw) {
  const { id, occurredAtMs: occurredAtMs2, detail } = envelope2;
  if (isWarmPoolMove(detail)) return { kind: "ignored", eventId: id, why: "a move into a warm pool" };
  const instanceId = instanceIn(envelope2);
  const [group, hook] = [groupIn(envelope2), nameOf2(detail.LifecycleHookName)];
  const given = nameOf2(detail.LifecycleActionToken);
  const token = given !== void 0 && ACTION_TOKEN.test(given) ? given : void 0;
  const action = group && hook ? { group, hook, instanceId, token } : void 0;
  if (instanceId === void 0 && action === void 0)
    return malformed2("detail: names neither an instance nor a hook of a group");
  const notice = `hook ${token ?? `${group ?? ""} ${hook ?? ""} ${occurredAtMs2}`}`;
  return { kind: "notice", event: { id, kind: "hook", instanceId, notice, occurredAtMs: occurredAtMs2, action, raw } };
}
var noInstance = (field) => malformed2(`detail.${field}: names no instance`);
function instanceIn({ detail, resources: resources2 }) {
  const ids = resources2.map((resource) => /(^|\/)(i-[0-9a-f]{8,17})$/.exec(resource)?.[2]);
  return instanceIdOf(detail["instance-id"]) ?? instanceIdOf(detail.EC2InstanceId) ?? ids.find((id) => id !== void 0);
}
var groupIn = ({ detail, resources: resources2 }) => nameOf2(detail.AutoScalingGroupName) ?? resources2.map((resource) => /:autoScalingGroupName\/(.+)$/s.exec(resource)?.[1]).find((name) => name !== void 0);

// lib/core/reconcile/standing.ts
var REDONE_AFTER_MS = 3 * 6e4;
function standingOf(record2, list2, nowMs) {
  if (!record2) return "behind";
  if (list2 === "STOPPED" && !record2.stopped) return "behind";
  if (isUnhandled(record2)) return isOverdue(record2, nowMs) ? "behind" : "under-way";
  if (list2 === "STOPPED") return "settled";
  if (record2.desiredStatus === "STOPPED") return "under-way";
  return BEFORE_RUNNING.has(record2.lastStatus) || startsStill(record2) ? "behind" : "settled";
}
var wantsSign = ({ stopped, lastSignAtMs }, nowMs) => !stopped && nowMs - lastSignAtMs >= LOST_AFTER_MS / 2;
var strayOf = ({ stopped, handling, identity: identity2 }) => stopped || !handling || handling.host ? void 0 : identity2.container_instance;
var isUnhandled = ({ handledVersion, version: version2 }) => handledVersion < version2;
var isOverdue = (record2, nowMs) => isUnhandled(record2) && nowMs - record2.receivedAtMs >= REDONE_AFTER_MS;
var startsStill = ({ containers: containers2 }) => containers2.some(
  ({ runtimeId, unsafeId, lastStatus }) => runtimeId === void 0 && !unsafeId && lastStatus !== "STOPPED"
);

// lib/core/reconcile/sweep-instances.ts
var FRESH_MS = 6e4;
var SEEN_LATE_MS = 6e4;
var CONFIRM_EVERY_MS = 4 * 6e4;
var ENDS = /* @__PURE__ */ new Set(["shutting-down", "terminated"]);
async function sweepInstances(run) {
  try {
    return await run.attempt("instances", async () => {
      const all = [];
      for await (const page of run.deps.instances.instances()) {
        run.goOn();
        run.tally.instances += page.length;
        await sweepPage(run, page);
        all.push(...page);
      }
      await checkFleet(run, all);
    });
  } catch (error) {
    if (error instanceof OutOfBudget) return false;
    throw error;
  }
}
async function sweepPage(run, page) {
  const { ledger, settled } = run.deps;
  const unsettled = page.filter((instance) => !settled.has(keyOf2(instance), run.deps.now()));
  const records = await ledger.read(unsettled.map(({ instanceId }) => instanceId));
  const known = new Map(records.map((record2) => [record2.workload, record2]));
  await each(unsettled, async (instance) => {
    const record2 = known.get(instance.instanceId);
    await run.attempt(instance.instanceId, () => sweepInstance(run, instance, record2));
  });
}
var keyOf2 = (instance) => {
  const { instanceId, state, launchedAtMs, addresses: addresses2 } = instance;
  return JSON.stringify([instanceId, state, launchedAtMs, addresses2, tagsIn(identityOf(instance))]);
};
async function sweepInstance(run, instance, record2) {
  const { ledger, settled, now } = run.deps;
  const states = untold(instance, record2, run.before.instancesSinceMs ?? run.before.beganMs, now());
  for (const state of states) await run.handle([foundAs(state, run, instance, record2)]);
  if (!record2 && states.length === 0) return;
  const unidentified = lacksIdentity(record2, instance);
  if (unidentified) await learnIdentity(instance, { ledger, now });
  if (!record2 || states.length > 0 || unidentified || isUnhandled(record2)) return;
  if (wantsSign(record2, now())) await ledger.alive(record2, now());
  settled.add(keyOf2(instance), now());
}
function untold({ state, launchedAtMs }, record2, sinceMs, nowMs) {
  if (ENDS.has(state)) {
    if (record2) return record2.stopped && !isOverdue(record2, nowMs) ? [] : [state];
    const lived = sinceMs !== void 0 && launchedAtMs >= sinceMs - SEEN_LATE_MS;
    return lived ? ["running", state] : [];
  }
  if (record2?.stopped) return [];
  if (!record2 || isOverdue(record2, nowMs)) return ["running"];
  return launchedAtMs - record2.version >= SAME_LAUNCH_MS ? ["running"] : [];
}
function foundAs(state, run, { instanceId, launchedAtMs }, record2) {
  const nowMs = run.deps.now();
  const starts = state === "running";
  const again = starts && record2 && record2.version > 0 && isOverdue(record2, nowMs);
  const { instancesSinceMs: completeMs, beganMs } = run.before;
  const atMs = again ? record2.version : occurredAtMs(starts ? launchedAtMs : void 0, { completeMs, beganMs }, nowMs);
  return {
    event: parseEvent(instanceEvent(instanceId, state, atMs, run.place), "sweep"),
    workload: instanceId,
    known: record2 !== void 0 || !starts,
    fresh: starts && nowMs - launchedAtMs < FRESH_MS
  };
}
var lacksIdentity = (record2, instance) => {
  const identity2 = identityOf(instance);
  const { launched_at, ip } = identity2;
  if (record2?.identity.launched_at !== launched_at) return true;
  return ip !== void 0 && (record2?.identity.ip !== ip || !areSameTags(tagsIn(record2.identity), tagsIn(identity2)));
};
async function noteTags(run, running, enrolled2) {
  const changed = running.flatMap((instance) => {
    const node = enrolled2.get(instance.instanceId);
    const tags2 = tagsIn(identityOf(instance));
    return node && !areSameTags(node.tags, tags2) ? [{ host: node.host, tags: tags2 }] : [];
  });
  await each(changed, async ({ host, tags: tags2 }) => {
    await run.attempt(host, async () => {
      await run.deps.registry.tag(host, tags2);
      await run.deps.directory.tag(host, tags2);
    });
  });
}
async function checkFleet(run, instances) {
  const { findings, ledger, nodes, noAgentAfterMs, now, report } = run.deps;
  const expected = instances.filter((instance) => isExpected(instance, now(), noAgentAfterMs));
  const running = instances.filter(({ state }) => state === "running");
  const enrolled2 = await nodes.of(
    running.map(({ instanceId }) => instanceId),
    () => run.goOn()
  );
  await noteTags(run, running, enrolled2);
  const { count, findings: found2 } = judgeFleet(expected, enrolled2, now());
  report("fleet_counted", { running: count.running, enrolled: count.enrolled, silent: count.silent });
  run.tally.findings = found2.length;
  const confirmed = new Map(
    (await findings.open(now())).map(({ kind, host, lastAtMs }) => [`${kind} ${host}`, lastAtMs])
  );
  const due = found2.filter(({ kind, host }) => (confirmed.get(`${kind} ${host}`) ?? 0) <= now() - CONFIRM_EVERY_MS);
  const without2 = due.flatMap(({ kind, host }) => kind === "no-agent" ? [host] : []);
  const ended = new Set((await ledger.read(without2)).flatMap(({ stopped, workload }) => stopped ? [workload] : []));
  await each(
    due.filter(({ host }) => !ended.has(host)),
    async (finding) => {
      await run.attempt(finding.host, () => noteFinding(finding, run.deps));
    }
  );
}

// lib/core/reconcile/sweep-tasks.ts
var LISTS = ["RUNNING", "STOPPED"];
var BATCH = 100;
var MOST_PAGES = 10;
var FRESH_MS2 = 1e4;
async function sweepTasks(run) {
  const from2 = run.before.left?.at;
  let left = from2;
  let complete = true;
  try {
    const clusters = [];
    const listed2 = await run.attempt("clusters", async () => {
      for await (const cluster of run.deps.tasks.clusters()) clusters.push(cluster);
    });
    if (!listed2) return { complete: false, ...left ? { left } : {} };
    for (const cluster of clusters.sort()) {
      if (from2 && cluster < from2.cluster) continue;
      const start = from2?.cluster === cluster ? from2 : void 0;
      left = start ?? { cluster, list: "RUNNING" };
      const swept = await run.attempt(
        cluster,
        () => sweepCluster(run, cluster, start, (position) => {
          left = position;
        })
      );
      if (swept) run.tally.clusters += 1;
      else complete = false;
    }
    return { complete };
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
    return { complete: false, ...left ? { left } : {} };
  }
}
async function sweepCluster(run, cluster, start, reached) {
  for (const list2 of LISTS.slice(LISTS.indexOf(start?.list ?? "RUNNING"))) {
    const from2 = start?.list === list2 ? start.from : void 0;
    reached({ cluster, list: list2, ...from2 ? { from: from2 } : {} });
    let looks = [];
    let pages = 0;
    let together2 = 1;
    for await (const { arns, next } of run.deps.tasks.tasks(cluster, list2, from2)) {
      run.goOn();
      run.tally.listed += arns.length;
      pages += 1;
      looks.push(...await toLookAt(run, cluster, arns, list2));
      if (next && looks.length < BATCH && pages < together2) continue;
      await lookAt(run, cluster, looks);
      looks = [];
      pages = 0;
      together2 = Math.min(MOST_PAGES, 2 * together2);
      if (next) reached({ cluster, list: list2, from: next });
    }
  }
}
async function toLookAt(run, cluster, arns, list2) {
  const { ledger, settled, now } = run.deps;
  const unsettled = arns.filter((arn) => !settled.has(`${arn} ${list2}`, now()));
  if (unsettled.length === 0) return [];
  const records = await ledger.read(unsettled);
  await findStrays(run, cluster, records);
  if (list2 === "RUNNING") await noteSigns(run, records);
  const known = new Map(records.map((record2) => [record2.workload, record2]));
  const looks = unsettled.map((arn) => ({ arn, record: known.get(arn) }));
  const standings = new Map(looks.map(({ arn, record: record2 }) => [arn, standingOf(record2, list2, now())]));
  await each(records, async (record2) => {
    if (standings.get(record2.workload) !== "settled" || strayOf(record2) || !await knowsEssentials(run, record2))
      return;
    settled.add(`${record2.workload} ${list2}`, now());
  });
  return looks.filter(({ arn }) => standings.get(arn) === "behind");
}
async function knowsEssentials({ deps }, record2) {
  const { workload, version: version2, containers: containers2 } = record2;
  if (containers2.length < 2 || containers2.some(({ essential }) => essential === false)) return true;
  const definition = definitionOf(record2);
  if (definition === void 0) return true;
  const names = await deps.definitions.essentialContainers(definition);
  if (!names) return false;
  const marked = containers2.map((one) => names.has(one.name) ? one : { ...one, essential: false });
  if (containers2.some(({ name }) => !names.has(name))) await deps.ledger.amend(workload, version2, marked);
  return true;
}
function definitionOf({ workload, identity: identity2 }) {
  if (!identity2.task_family) return void 0;
  const { partition, region, account } = placeOf(workload);
  return `arn:${partition}:ecs:${region}:${account}:task-definition/${identity2.task_family}:${identity2.task_revision}`;
}
async function findStrays({ deps }, cluster, records) {
  const strays = [...new Set(records.flatMap((record2) => strayOf(record2) ?? []))];
  await deps.hosts.prefetch(strays.map((arn) => ({ clusterArn: cluster, containerInstanceArn: arn })));
  for (const arn of strays) {
    const instance = await deps.hosts.instanceOf(cluster, arn).catch(() => void 0);
    if (instance) await moveWaiting(arn, (await hostOf(instance, deps)).host, deps);
  }
}
async function noteSigns({ deps }, records) {
  const { ledger, now } = deps;
  for (const record2 of records) if (wantsSign(record2, now())) await ledger.alive(record2, now());
}
async function lookAt(run, cluster, looks) {
  const known = new Map(looks.map(({ arn, record: record2 }) => [arn, record2]));
  for (let from2 = 0; from2 < looks.length; from2 += BATCH) {
    const arns = looks.slice(from2, from2 + BATCH).map(({ arn }) => arn);
    const details2 = await run.deps.tasks.describe(cluster, arns);
    run.tally.described += details2.length;
    const found2 = [];
    for (const detail of details2) {
      const arn = String(Object(detail).taskArn);
      await run.attempt(arn, async () => {
        found2.push(readTask2(run, arn, detail, known.get(arn) !== void 0));
      });
    }
    await run.handle(found2);
  }
}
function readTask2(run, arn, detail, known) {
  const nowMs = run.deps.now();
  const ownMs = changedAtMs(detail);
  const { tasksSinceMs: completeMs, beganMs } = run.before;
  const raw = taskEvent(arn, detail, occurredAtMs(ownMs, { completeMs, beganMs }, nowMs), run.place);
  const fresh = ownMs !== void 0 && nowMs - ownMs < FRESH_MS2;
  return { event: parseEvent(raw, "sweep"), workload: arn, known, fresh };
}

// lib/core/reconcile/sweep.ts
async function sweep(deps, place, untilMs) {
  const { now, progress, report, settled, spend } = deps;
  const startedAtMs = now();
  const before = await progress.begin(startedAtMs, untilMs);
  if (!before) {
    report("sweep_skipped", {});
    return void 0;
  }
  spend.begin(untilMs);
  const { left, ...since } = before;
  const run = new Run(deps, place, before);
  const [tasks, instances] = await Promise.all([sweepTasks(run), sweepInstances(run)]);
  const beganAtMs = left?.startedAtMs ?? startedAtMs;
  const isWhole = run.failures === 0;
  await progress.end(untilMs, {
    ...since,
    beganMs: since.beganMs ?? startedAtMs,
    ...tasks.complete && (isWhole || since.tasksSinceMs === void 0) ? { tasksSinceMs: beganAtMs } : {},
    ...instances && (isWhole || since.instancesSinceMs === void 0) ? { instancesSinceMs: startedAtMs } : {},
    ...tasks.left ? { left: { startedAtMs: beganAtMs, at: tasks.left } } : {}
  });
  if (!tasks.left) settled.turn();
  const { clusters, listed: listed2, described: described2, found: found2, caughtUp, ahead, findings } = run.tally;
  report("sweep_done", {
    clusters,
    listed: listed2,
    described: described2,
    found: found2,
    caughtUp,
    ahead,
    instances: run.tally.instances,
    findings,
    spend: spend.calls,
    ecsCalls: spend.sharedCalls,
    failures: run.failures,
    throttled: spend.throttled,
    complete: tasks.complete && instances && isWhole,
    durationMs: now() - startedAtMs
  });
  return run.failures;
}

// lib/memory/policy-store.ts
var MemoryPolicyStore = class {
  #versions = [];
  async liveNumber() {
    return this.#versions.length;
  }
  async current() {
    return this.#versions.at(-1);
  }
  async version(version2) {
    return this.#versions[version2 - 1];
  }
  async history(limit) {
    const newest = this.#versions.toReversed().slice(0, limit);
    return newest.map(({ policy: _, sources: __, ...head }) => head);
  }
  async push(next, expected) {
    if (next.version !== expected + 1) throw new Error(`version ${next.version} cannot follow version ${expected}`);
    if (this.#versions.length !== expected) return false;
    this.#versions.push(next);
    return true;
  }
};

// lib/memory/task-definitions.ts
var noTaskDefinitions = { essentialContainers: async () => void 0 };

// lib/core/fleet/instance-nodes.ts
var NAMED_MS = 36e5;
var NAMELESS_MS = 3 * 6e4;
var InstanceNodes = class {
  #directory;
  #aliases;
  #now;
  #names = /* @__PURE__ */ new Map();
  constructor(directory, aliases, now) {
    this.#directory = directory;
    this.#aliases = aliases;
    this.#now = now;
  }
  /**
   * The nodes of these instances, by instance id; those without one are left out.
   *
   * @param goOn throws when there is no time left; what was learned by then is remembered
   */
  async of(instanceIds, goOn) {
    const entries = await everyEntry(this.#directory);
    const seen = new Map(entries.map((entry) => [entry.hostIdentifier, entry]));
    const nowMs = this.#now();
    const bearer = (host) => seen.has(host) ? { host, expiresAtMs: Number.POSITIVE_INFINITY } : void 0;
    const found2 = /* @__PURE__ */ new Map();
    await each(instanceIds, async (id) => {
      goOn();
      const alias = seen.has(id) ? void 0 : await this.#aliasOf(id);
      const { host } = decideHost({ name: id, own: bearer(id), alias, aliased: alias && bearer(alias.host) }, nowMs);
      const entry = seen.get(host);
      if (entry) found2.set(id, { host, lastSeenMs: entry.lastSeenMs, tags: entry.tags ?? {} });
    });
    this.#forget(new Set(instanceIds));
    return found2;
  }
  async #aliasOf(instanceId) {
    const nowMs = this.#now();
    const known = this.#names.get(instanceId);
    if (known && known.untilMs > nowMs) return known.alias;
    const host = await this.#aliases.hostOf(instanceId);
    const alias = host === void 0 ? void 0 : { host, toldBy: "agent", sinceMs: 0 };
    this.#names.set(instanceId, { alias, untilMs: nowMs + (alias ? NAMED_MS : NAMELESS_MS) });
    return alias;
  }
  #forget(wanted) {
    for (const id of this.#names.keys()) if (!wanted.has(id)) this.#names.delete(id);
  }
};

// lib/core/attest/identity-document.ts
import { createPublicKey, verify } from "node:crypto";
import * as z from "zod/mini";

// lib/core/attest/aws-certificates.json
var aws_certificates_default = {
  "af-south-1": "MIICNjCCAZ+gAwIBAgIJAKumfZiRrNvHMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0xOTExMjcwNzE0MDVaGA8yMTk5MDUwMjA3MTQwNVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDFd571nUzVtke3rPyRkYfvs3jh0C0EMzzG72boyUNjnfw1+m0TeFraTLKb9T6F7TuB/ZEN+vmlYqr2+5Va8U8qLbPF0bRH+FdaKjhgWZdYXxGzQzU3ioy5W5ZM1VyB7iUsxEAlxsybC3ziPYaHI42UiTkQNahmoroNeqVyHNnBpQIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAAJLylWyElEgOpW4B1XPyRVD4pAds8Guw2+krgqkY0HxLCdjosuHRytGDGN+q75aAoXzW5a7SGpxLxk6Hfv0xp3RjDHsoeP0i1d8MD3hAC5ezxS4oukKs5gbPOnokhKTMPXbTdRn5ZifCbWlx+bYN/mTYKvxho7b5SVg2o1La9aK",
  "ap-east-1": "MIICSzCCAbQCCQDtQvkVxRvK9TANBgkqhkiG9w0BAQsFADBqMQswCQYDVQQGEwJVUzETMBEGA1UECBMKV2FzaGluZ3RvbjEQMA4GA1UEBxMHU2VhdHRsZTEYMBYGA1UEChMPQW1hem9uLmNvbSBJbmMuMRowGAYDVQQDExFlYzIuYW1hem9uYXdzLmNvbTAeFw0xOTAyMDMwMzAwMDZaFw0yOTAyMDIwMzAwMDZaMGoxCzAJBgNVBAYTAlVTMRMwEQYDVQQIEwpXYXNoaW5ndG9uMRAwDgYDVQQHEwdTZWF0dGxlMRgwFgYDVQQKEw9BbWF6b24uY29tIEluYy4xGjAYBgNVBAMTEWVjMi5hbWF6b25hd3MuY29tMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1kkHXYTfc7gY5Q55JJhjTieHAgacaQkiRPity9QPDE3b+NXDh4UdP1xdIw73JcIIG3sG9RhWiXVCHh6KkuCTqJfPUknIKk8vsM3RXflUpBe8Pf+P92pxqPMCz1Fr2NehS3JhhpkCZVGxxwLC5gaG0Lr4rFORubjYYRh84dK98VwIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAA6xV9f0HMqXjPHuGILDyaNNdKcvplNFwDTydVg32MNubAGnecoEBtUPtxBsLoVYXCOb+b5/ZMDubPF9tU/vSXuoTpYM5Bq57gJzDRaBOntQbX9bgHiUxw6XZWaTS/6xjRJDT5p3S1E0mPI3lP/eJv4oEzk5zb3eIf10/sqt4756",
  "ap-east-2": "MIICNjCCAZ+gAwIBAgIJAJp99iy2CTXhMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yNDA1MjQxNDU2MDZaGA8yMjAzMTAyOTE0NTYwNlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDVdclgpcIIsyGG51ag8srK1UMfZ+Ioh9E4PLP+cIWQcdh31fv2kV/whKaqfmifNefBIuHrTPl6L+mJQbsfeA+TiEx1Jamg4lwQfhgQKQCmjZVMaHtK+AY57TVN6FBfHXxT2MXzktsKxAQRGeSTFQYrHRzSYvu+GkA+37lqyWRfcwIDAQABMA0GCSqGSIb3DQEBCwUAA4GBABM+WL9MSb7z3bNOTMkM7ufPucvj+LQ+zEAJiuG0rcB8GI2DhGB58ohDPUGlq1cP7vYmDkWG/FrLqx7qgIzkbE3zfb62JpdOuX73oHgCmikMfq8ifoS1CUxMQ36PDZBFNPzGZxv5kEORqhmGBkYCoIUCQ43jh3aALR/A/rfzfij8",
  "ap-northeast-1": "MIIDITCCAoqgAwIBAgIULgwDh7TiDrPPBJwscqDwiBHkEFQwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTEyMjMxMFoXDTI5MDQyODEyMjMxMFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IULgwDh7TiDrPPBJwscqDwiBHkEFQwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBtjAglBde1t4F9EHCZOj4qnY6Gigy07Ou54i+lR77MhbpzE8V28Li9l+YTQMIn6SzJqU3/fIycIro1OVY1lHmaKYgPGSEZxBenSBHfzwDLRmC9oRp4QMe0BjOCgepj1lUoiN7OA6PtA+ycNlsP0oJvdBjhvayLiuM3tUfLTrgHbw==",
  "ap-northeast-2": "MIIDITCCAoqgAwIBAgIUbBSn2UIO6vYk4iNWV0RPxJJtHlgwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTEzMzg0NloXDTI5MDQyODEzMzg0NlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUbBSn2UIO6vYk4iNWV0RPxJJtHlgwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQAmjTjalG8MGLqWTC2uYqEM8nzI3px1eo0ArvFRsyqQ3fgmWcQpxExqUqRyl3+2134Kv8dFab04Gut5wlfRtc2OwPKKicmv/IXGN+9bKFnQFjTqif08NIzrDZchaFT/uvxrIiM+oN2YsHq66GUhO2+xVRXDXVxM/VObFgPERbJpyA==",
  "ap-south-1": "MIIDITCCAoqgAwIBAgIUDLA+x6tTAP3LRTr0z6nOxfsozdMwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE0MTMwMVoXDTI5MDQyODE0MTMwMVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUDLA+x6tTAP3LRTr0z6nOxfsozdMwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQAZ7rYKoAwwiiH1M5GJbrT/BEk3OO2VrEPw8ZxgpqQ/EKlzMlOs/0Cyrmp7UYyUgYFQe5nq37Z94rOUSeMgv/WRxaMwrLlLqD78cuF9DSkXaZIX/kECtVaUnjk8BZx0QhoIHOpQocJUSlm/dLeMuE0+0A3HNR6JVktGsUdv9ulmKw==",
  "ap-south-2": "MIIDCzCCAnSgAwIBAgIJAPw1mjt5QguhMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAeFw0yNjA1MjgxMDQzMjlaFw0zMTA1MjcxMDQzMjlaMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA08B7tDQ/rBXKG6473AGJtDzUQ/H+EdYwM76C7dvqhnjkwMjtR7bY+nJrGDdwD9YTeYmLqaRYmLJdnjT2vwg9FYNAQHwxZVea846QNI+0yWm1YeJI+yb7Q/sWDIusBEAOMekjzjWODnmdvvKPx0vJ7nKVg1XT0TunIllJTIY5g5sCAwEAAaOB1DCB0TALBgNVHQ8EBAMCB4AwHQYDVR0OBBYEFM4QY6Q5jpIb3pUP7EBEDUVlvGgsMIGOBgNVHSMEgYYwgYOAFM4QY6Q5jpIb3pUP7EBEDUVlvGgsoWCkXjBcMQswCQYDVQQGEwJVUzEZMBcGA1UECBMQV2FzaGluZ3RvbiBTdGF0ZTEQMA4GA1UEBxMHU2VhdHRsZTEgMB4GA1UEChMXQW1hem9uIFdlYiBTZXJ2aWNlcyBMTEOCCQD8NZo7eUILoTASBgNVHRMBAf8ECDAGAQH/AgEAMA0GCSqGSIb3DQEBCwUAA4GBAGPVdLHdjH2PVcfoK41bRQCpvzwwOB0XpQ1AqQBYZXmm6+Ggc3nQLoOKLG1oRlc38psWtxBjGRL+ktvyAjgwk+BLxM7Yx+wDf8m2nfrvIdaMHk0i+U7bWaiFod3cD6XICfwg/tFz50auWTtlIPcNOXAUqPuHbYlFgMUlNuNp78nB",
  "ap-southeast-1": "MIIDITCCAoqgAwIBAgIUSqP6ih+++5KF07NXngrWf26mhSUwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE0MzAxNFoXDTI5MDQyODE0MzAxNFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUSqP6ih+++5KF07NXngrWf26mhSUwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQAw13BxW11U/JL58j//Fmk7qqtrZTqXmaz1qm2WlIpJpW750MOcP4ux1uPyeM0RdVZ4jHSMv5gtLAv/PjExBfw9n6vNCk+5GZG4Xec5DoapBZHXmfMo93sjxBFP4x9rWn0GuwAVO9ukjYPevq2Rerilrq5VvppHtbATVNY2qecXDA==",
  "ap-southeast-2": "MIIDITCCAoqgAwIBAgIUFxWyAdk4oiXIOC9PxcgjYYh71mwwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE1MjE0M1oXDTI5MDQyODE1MjE0M1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUFxWyAdk4oiXIOC9PxcgjYYh71mwwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQByjeQe6lr7fiIhoGdjBXYzDfkX0lGGvMIhRh57G1bbceQfaYdZd7Ptc0jlbpycKGaTvhUdkpMOiV2Hi9dOOYawkdhyJDstmDNKu6P9+b6Kak8He5z3NU1tUR2YuTwcz7Ye8Nldx//ws3raErfTI7D6s9m63OX8cAJ/f8bNgikwpw==",
  "ap-southeast-3": "MIIDITCCAoqgAwIBAgIUMDbUg+reaqO28n34vFUuk6gFWbgwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI2MDQyMjEyMDY0MFoXDTMxMDQyMTEyMDY0MFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCnCS/Vbt0gQ1ebWcur2hSO7PnJifE4OPxQ7RgSAlc4/spJp1sDP+ZrS0LO1ZJfKhXf1R9S3AUwLnsc7b+IuVXdY5LK9RKqu64nyXP5dx170zoL8loEyCSuRR2fs+04i2QsWBVP+KFNAn7P5L1EHRjkgTO8kjNKviwRV+OkP9ab5wIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUsnsEPOUYPQO0Gv9t4arIC2NNkHQwgZkGA1UdIwSBkTCBjoAUsnsEPOUYPQO0Gv9t4arIC2NNkHShYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUMDbUg+reaqO28n34vFUuk6gFWbgwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQCFibNMMdZF13osIpWxjb7uXrqpDYFat+196JVSdq+WMYLfcQtudZOcTcloZh+OXR49nRv9x/Q4XRfMWGCdptp4q/6NCScEUPBbY2+7CJyH0gyC6vYcGmLfJbUikMB27EWJ4tm18a/qZockIeGgJgqt5/KSZb5iN5CuxRHRDGZI+Q==",
  "ap-southeast-4": "MIIDITCCAoqgAwIBAgIUUOsUa3Aj7pphfmDjsZAFNWODCUowDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI2MDYwMzEwNDM1M1oXDTMxMDYwMjEwNDM1M1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDHezwQr2VQpQSTW5TXNefiQrP+qWTGAbGsPeMX4hBMjAJUKys2NIRcRZaLM/BCew2FIPVjNtlaj6Gwn9ipU4Mlz3zIwAMWi1AvGMSreppt+wV6MRtfOjh0Dvj/veJe88aEZJMozNgkJFRS+WFWsckQeL56tf6kY6QTlNo8V/0CsQIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUVCy+PqHsYEzvAHcGK+lrlknSUvowgZkGA1UdIwSBkTCBjoAUVCy+PqHsYEzvAHcGK+lrlknSUvqhYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUUOsUa3Aj7pphfmDjsZAFNWODCUowEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBRI72kM+Q6PCU584L6UZ8rk6uERCeq5g8dDzlLZMaMpV4n/s2MJbFP2hO+ovahJnxLTrs7jP3VXZeVj5Eb0dfYneg0+zNtycnHe+9jH+GTKS8+QkwGj3zmwxqGmZ9V6XoGwtO/aEz24Yp7CRf8etCYEnVI2ChD7xClRV3DJwliEA==",
  "ap-southeast-5": "MIICNjCCAZ+gAwIBAgIJAMuBl6rhZCJKMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yNDAxMDMxMjU3NTRaGA8yMjAzMDYwOTEyNTc1NFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDFuKydxZsordNH7bLwIluEGOkX7/CdLdpeqkDKEhQkFwzpRxaX4EAlkGh2/o7D8qneC9cGQhqSG5WVVBrmZG7sfkFOM4m1AtY++kfv+MYto1VFgLk1xJbkpq1r4YeQUl+ZsJYsZpyX/t+g8s7rW0OVcBsYx4L75bf34z38mwK8PQIDAQABMA0GCSqGSIb3DQEBCwUAA4GBADD9C4pWL8RUvF1CJW8kExj35xmozlFlmrKs8Zpi8+Eg6q+W9dgdxMdH95tgZtmVMDqlvVR+DK0iO1BNpqPjrqWkk2tTLivpS+sGzCE/jCl18Q28Rk71/A3gLD7Rtbq5TKNvuFCHwYMjrTDHI6aBjIaAlDm4e2/j/OxVtHyZGTre",
  "ap-southeast-6": "MIICNjCCAZ+gAwIBAgIJAMwLuv2/tk9eMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yNDEyMDMxMjEzMDZaGA8yMjA0MDUwOTEyMTMwNlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9AsBNOUfT8QpguHqMa9KIXP/YgZOmfRAgEmnLawXTC+40bXUq/fwkx+cebv3xCvUx6d07/iDlD0dm2Hf2HhPFi3OaCI7vc8c3lqVBvcn6yzmwv35aSEvtVm2NHC3j4/q6vN2tR2d4a1Mf1QhmOVOJ7XiTEbCy2Yv+pmDbk29V6QIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAHatyQIy612kio8neI4r5VBg8pgKwW+mFGpAzOQ2NOyLCNoOeD1DlPRaSipBN7WW6jpIozbz7JG7Kqc3N+piPGGzfjH9gZjqUqfOGrNHB5nsxvMHI2iLe+DwsOcV7qnEVRgYbmLYOVKJv25wCsM/Tcn/6f6scEX2x+H0hAh7rwiP",
  "ap-southeast-7": "MIICNjCCAZ+gAwIBAgIJAIuIHAhL0xWcMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yNDA0MTIxNTI4NTZaGA8yMjAzMDkxNzE1Mjg1NlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCajgAeOauwvqGDLrHvxujnZ1BnkMzwjrycMUTkj8jqNtWoDQWUJVNPZJILosEUVwK2I3oNkEsx/ryl9XfXcNNceoYfVEPzkTzozrZyuOG66FWtUU1LKeJ7h9/rX0Zd9lZEokrdr6dLPt9FsHWaK5ExlUnWBjNltcQLkkKqoeYaFwIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAE4G5G+FvKTsX3T7BEcId7f5LSCc2J9gZRDiWn2oTr40CrBMOzJTKsWr9W89YXW3gaGWltzc0WCwYQbJZgAkuEAZItJjbhdnns87ZbsFO+NZhc6gDtjAWC3dPlSB9b6rfVoVW9O6Xwa7iNXZo8ddYVJ/ZOIv/totUz9qJt4DmmKk",
  "ca-central-1": "MIIDITCCAoqgAwIBAgIUIrLgixJJB5C4G8z6pZ5rB0JU2aQwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE1MzU0M1oXDTI5MDQyODE1MzU0M1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUIrLgixJJB5C4G8z6pZ5rB0JU2aQwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBHiQJmzyFAaSYs8SpiRijIDZW2RIo7qBKb/pI3rqK6yOWDlPuMr6yNI81DIrKGGftg4Z+2KETYU4x76HSf0s//vfH3QA57qFaAwddhKYy4BhteFQl/Wex3xTlXLiwI07kwJvJy3mS6UfQ4HcvZy219tY+0iyOWrz/jVxwq7TOkCw==",
  "ca-west-1": "MIIDITCCAoqgAwIBAgIUCVFIhsz9lHA88TjOEChaY+KhHjkwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI2MDYxNzA5MjE0M1oXDTMxMDYxNjA5MjE0M1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDK1kIcG5Q6adBXQM75GldfTSiXl7tn54p10TnspI0ErDdb2B6q2Ji/v4XBVH13ZCMgqlRHMqV8AWI5iO6gFn2A9sN3AZXTMqwtZeiDdebq3k6Wt7ieYvpXTg0qvgsjQIovRZWaBDBJy9x8C2hW+w9lMQjFHkJ7Jy/PHCJ69EzebQIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUwCJ9341XAe3MNiXb/yszt4omccIwgZkGA1UdIwSBkTCBjoAUwCJ9341XAe3MNiXb/yszt4omccKhYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUCVFIhsz9lHA88TjOEChaY+KhHjkwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQCuorFtp2WcEreUMNlL44zF8JDSkju0ik27J4OdKRow6tPvqYDmyGTvybWhN4GtOuNEhWzmj4E7eMHzRslxaHXNhxIa8l+M/GRaq9jJwAb6aU9YWcVH9FT/6Jr0q6myzukFBNLZ9zCrrclp8dOFdGf0310RDpmGmF3qzU0MlHh+Iw==",
  "cn-north-1": "MIIDCzCCAnSgAwIBAgIJALSOMbOoU2svMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAeFw0yMzA3MDQwODM1MzlaFw0yODA3MDIwODM1MzlaMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAuhhUNlqAZdcWWB/OSDVDGk3OA99EFzOn/mJlmciQ/Xwu2dFJWmSCqEAE6gjufCjQq3voxAhC2CF+elKtJW/C0Sz/LYo60PUqd6iXF4h+upB9HkOOGuWHXsHBTsvgkgGA1CGgel4U0Cdq+23eANr8N8m28UzljjSnTlrYCHtzN4sCAwEAAaOB1DCB0TALBgNVHQ8EBAMCB4AwHQYDVR0OBBYEFBkZu3wT27NnYgrfH+xJz4HJaNJoMIGOBgNVHSMEgYYwgYOAFBkZu3wT27NnYgrfH+xJz4HJaNJooWCkXjBcMQswCQYDVQQGEwJVUzEZMBcGA1UECBMQV2FzaGluZ3RvbiBTdGF0ZTEQMA4GA1UEBxMHU2VhdHRsZTEgMB4GA1UEChMXQW1hem9uIFdlYiBTZXJ2aWNlcyBMTEOCCQC0jjGzqFNrLzASBgNVHRMBAf8ECDAGAQH/AgEAMA0GCSqGSIb3DQEBCwUAA4GBAECji43p+oPkYqmzll7e8HgboADS0ph+YUz5P/bUCm61wFjlxaTfwKcuTR3ytj7bFLoW5Bm7Sa+TCl3lOGb2taon2h+9NirRK6JYk87LMNvbS40HGPFumJL2NzEsGUeK+MRiWu+Oh5/lJGii3qw4YByxSUDlRyNy1jJFstEZjOhs",
  "cn-northwest-1": "MIIDCzCCAnSgAwIBAgIJALSOMbOoU2svMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAeFw0yMzA3MDQwODM1MzlaFw0yODA3MDIwODM1MzlaMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAuhhUNlqAZdcWWB/OSDVDGk3OA99EFzOn/mJlmciQ/Xwu2dFJWmSCqEAE6gjufCjQq3voxAhC2CF+elKtJW/C0Sz/LYo60PUqd6iXF4h+upB9HkOOGuWHXsHBTsvgkgGA1CGgel4U0Cdq+23eANr8N8m28UzljjSnTlrYCHtzN4sCAwEAAaOB1DCB0TALBgNVHQ8EBAMCB4AwHQYDVR0OBBYEFBkZu3wT27NnYgrfH+xJz4HJaNJoMIGOBgNVHSMEgYYwgYOAFBkZu3wT27NnYgrfH+xJz4HJaNJooWCkXjBcMQswCQYDVQQGEwJVUzEZMBcGA1UECBMQV2FzaGluZ3RvbiBTdGF0ZTEQMA4GA1UEBxMHU2VhdHRsZTEgMB4GA1UEChMXQW1hem9uIFdlYiBTZXJ2aWNlcyBMTEOCCQC0jjGzqFNrLzASBgNVHRMBAf8ECDAGAQH/AgEAMA0GCSqGSIb3DQEBCwUAA4GBAECji43p+oPkYqmzll7e8HgboADS0ph+YUz5P/bUCm61wFjlxaTfwKcuTR3ytj7bFLoW5Bm7Sa+TCl3lOGb2taon2h+9NirRK6JYk87LMNvbS40HGPFumJL2NzEsGUeK+MRiWu+Oh5/lJGii3qw4YByxSUDlRyNy1jJFstEZjOhs",
  "eu-central-1": "MIIDITCCAoqgAwIBAgIUFD5GsmkxRuecttwsCG763m3u63UwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE1NTUyOVoXDTI5MDQyODE1NTUyOVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUFD5GsmkxRuecttwsCG763m3u63UwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBBh0WaXlBsW56Hqk588MmJxsOrvcKfDjF57RgEDgnGnQaJcStCVWDO9UYOJX2tdsPw+E7AjDqjsuxYaotLn3Mr3mK0sNOXq9BljBnWD4pARg89KZnZI8FN35HQO/LYOVHCknuPL123VmVRNs51qQA9hkPjvw21UzpDLxaUxt9Z/w==",
  "eu-central-2": "MIIDCzCCAnSgAwIBAgIJAK+7ZflHYRFQMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAeFw0yNjA1MjYxMDU0MDBaFw0zMTA1MjUxMDU0MDBaMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAtpnRnabOUc9o82HBjbIBE0xlLYSUa1akp1FiV05VWiG5Bjyyjujq+wH1ihadrIESfLy7I6AVUeXBElSu3LitcCLY7ycov6KSmQFLrCcdoaYFN6VB4ZafQE4f1XlQ+fNo03fSGPvLeTA2umd3xpYgchIl89CxB3YvDAWnC0RLtU8CAwEAAaOB1DCB0TALBgNVHQ8EBAMCB4AwHQYDVR0OBBYEFDFYNKA6vm8m8PtCqgIoU4I3+EpSMIGOBgNVHSMEgYYwgYOAFDFYNKA6vm8m8PtCqgIoU4I3+EpSoWCkXjBcMQswCQYDVQQGEwJVUzEZMBcGA1UECBMQV2FzaGluZ3RvbiBTdGF0ZTEQMA4GA1UEBxMHU2VhdHRsZTEgMB4GA1UEChMXQW1hem9uIFdlYiBTZXJ2aWNlcyBMTEOCCQCvu2X5R2ERUDASBgNVHRMBAf8ECDAGAQH/AgEAMA0GCSqGSIb3DQEBCwUAA4GBADsVuZ+wv4qEfSnGx+MH8s7poBWc/w6DTMCltWl7+q6a7C7uTIymgfsbug31ClwB7O3dhy26Ae9gNzXfpRnWN7iKchhz057HHESzeogH1rTHD2RkJE5z6KCC0F8JgEg+JQSSCuTFKzUuBkW4S8WMQ3TjkCniK/KM2bEKllCqvINx",
  "eu-north-1": "MIIDITCCAoqgAwIBAgIUN1c9U6U/xiVDFgJcYKZB4NkH1QEwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE2MDYwM1oXDTI5MDQyODE2MDYwM1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUN1c9U6U/xiVDFgJcYKZB4NkH1QEwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBTIQdoFSDRHkpqNPUbZ9WXR2O5v/9bpmHojMYZb3Hw46wsaRso7STiGGX/tRqjIkPUIXsdhZ3+7S/RmhFznmZc8e0bjU4n5vi9CJtQSt+1u4E17+V2bF+D3h/7wcfE0l3414Q8JaTDtfEf/aF3F0uyBvr4MDMd7mFvAMmDmBPSlA==",
  "eu-south-1": "MIICNjCCAZ+gAwIBAgIJAOZ3GEIaDcugMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0xOTEwMjQxNTE5MDlaGA8yMTk5MDMyOTE1MTkwOVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCjiPgW3vsXRj4JoA16WQDyoPc/eh3QBARaApJEc4nPIGoUolpAXcjFhWplo2O+ivgfCsc4AU9OpYdAPha3spLey/bhHPRi1JZHRNqScKP0hzsCNmKhfnZTIEQCFvspDRp4zr91/WS06/flJFBYJ6JHhp0KwM81XQG59lV6kkoW7QIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAGLLrY3P+HH6C57dYgtJkuGZGT2+rMkk2n81/abzTJvsqRqGRrWvXRKRXlKdM/dfiuYGokDGxiC0Mg6TYy6wvsR2qRhtXW1OtZkiHWcQCnOttz+8vpewwx8JGMvowtuKB1iMsbwyRqZkFYLcvH+Opfb/Aayi20/ChQLdI6M2R5VU",
  "eu-south-2": "MIIDITCCAoqgAwIBAgIUbtiu7xW+c3P65VHqW/gxSFWHT8kwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI2MDYwOTA4NDMzMVoXDTMxMDYwODA4NDMzMVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDB/VvR1+45Aey5zn3vPk6xBm5o9grSDL6D2iAuprQnfVXn8CIbSDbWFhA3fi5ippjKkh3sl8VyCvCOUXKdOaNrYBrPRkrdHdBuL2Tc84RO+3m/rxIUZ2IK1fDlC6sWAjddf6sBrV2w2a78H0H8EwuwiSgttURBjwJ7KPPJCqaqrQIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUcZuHrkKFfuCOW/tfRxCPB7RoXQQwgZkGA1UdIwSBkTCBjoAUcZuHrkKFfuCOW/tfRxCPB7RoXQShYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUbtiu7xW+c3P65VHqW/gxSFWHT8kwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQANhLKjQrxeWPzqlTkLK8b44iyITsV0E+o8+gJN6tKmC0Cgapp1+rCcYDzt4R3uglYdoRDRrEPJVLjS8XcX5cefteIJRKJGm06d+fTvgzVY11IXo77tnzJF356mNwunpudg2r1diQCWQKKftqbdTsQxPGPVTVOFv+tXyW1s1TYj9Q==",
  "eu-west-1": "MIIDITCCAoqgAwIBAgIUakDaQ1Zqy87Hy9ESXA1pFC116HkwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE2MTgxMFoXDTI5MDQyODE2MTgxMFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUakDaQ1Zqy87Hy9ESXA1pFC116HkwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQADIkn/MqaLGPuK5+prZZ5Ox4bBZLPtreO2C7r0pqU2kPM2lVPyYYydkvP0lgSmmsErGu/oL9JNztDe2oCA+kNy17ehcsf8cw0uP861czNFKCeU8b7FgBbL+sImqi33rAq6owWGi/5uEcfCR+JP7W+oSYVir5r/yDmWzx+BVH5S/g==",
  "eu-west-2": "MIIDITCCAoqgAwIBAgIUCgCV/DPxYNND/swDgEKGiC5I+EwwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE2MjkxNFoXDTI5MDQyODE2MjkxNFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUCgCV/DPxYNND/swDgEKGiC5I+EwwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQATPu/sOE2esNa4+XPEGKlEJSgqzyBSQLQc+VWo6FAJhGG9fp7D97jhHeLC5vwfmtTAfnGBxadfAOT3ASkxnOZhXtnRna460LtnNHm7ArCVgXKJo7uBn6ViXtFhuEEw4y6p9YaLQna+VC8Xtgw6WKq2JXuKzuhuNKSFaGGw9vRcHg==",
  "eu-west-3": "MIIDITCCAoqgAwIBAgIUaC9fX57UDr6u1vBvsCsECKBZQyIwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE2MzczOFoXDTI5MDQyODE2MzczOFowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUaC9fX57UDr6u1vBvsCsECKBZQyIwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQCARv1bQEDaMEzYI0nPlu8GHcMXgmgA94HyrXhMMcaIlQwocGBs6VILGVhMTXP2r3JFaPEpmXSQNQHvGA13clKwAZbni8wtzv6qXb4L4muF34iQRHF0nYrEDoK7mMPR8+oXKKuPO/mv/XKo6XAV5DDERdSYHX5kkA2R9wtvyZjPnQ==",
  "eusc-de-east-1": "MIICNjCCAZ+gAwIBAgIJAPybReXZqUSNMA0GCSqGSIb3DQEBCwUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yNDEwMTgwOTM5MzdaGA8yMjA0MDMyNDA5MzkzN1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDShbskmohorgcjN7gfApw89CEsg7praCDggaUVXF6gy9JdJ5INcv7+DkwKaAxdNQWDsWZnxIOqPuPfyAYVP3D2/exP3Rfxj31UomLduu7S83zgiJ8VVL/GzlDELv5/K2rTcd+580NjLSa6FYDcXDip2ir6TXxRYBYHP65dwniE+wIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAKu9t3CAtZt7c+k4bCZlmxrwgps1668p24x7QRmLxgXnwj5A2MOMqEtxA9Q3q3WxUc0nWKaCTvRrTfWW917xsLcvVL8rI6xCjg2bb5FJ73xzcfSxHr9IQ1mThJgLaWVIblllGJK7+EogR7gfqlPhc0Ql5bYuaozdt+r69xNuJlyR",
  "il-central-1": "MIIDITCCAoqgAwIBAgIUPgjnsnqT7OaGnZgGF7/43ihPh+0wDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI2MDYxMjA5MjQyOVoXDTMxMDYxMTA5MjQyOVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDrc24u3AgFxnoPgzxR6yFXOamcPuxYXhYKWmapb+S8vOy5hpLoRe4RkOrY0cM3bN07GdEMlin5mU0y1t8y3ct4YewvmkgT42kTyMM+t1K4S0xsqjXxxS716uGYh7eWtkxrCihj8AbXN/6pa095h+7TZyl2n83keiNUzM2KoqQVMwIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQU+dSlCYS89nZaff8nPOdiQJje2PkwgZkGA1UdIwSBkTCBjoAU+dSlCYS89nZaff8nPOdiQJje2PmhYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUPgjnsnqT7OaGnZgGF7/43ihPh+0wEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQDOq6yTQkIXzAZffpLDBss1R8VZzRoLvRzsFa1xpOcRnPqIm0untEHsOGX/q34FiGQBOVY6btNaZb7aQXDlZGX+sGvst6BYC2u6H6Zpyo0qy0mz6AGA3eVEonJ2lKpvAwBkrGajRC8JW0Gx31UZDmAcn3gjQi5zMWFead9mJJJA3g==",
  "me-central-1": "MIICMzCCAZygAwIBAgIGAXjRrnDjMA0GCSqGSIb3DQEBBQUAMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIDBBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHDAdTZWF0dGxlMSAwHgYDVQQKDBdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzAgFw0yMTA0MTQxODM5MzNaGA8yMjAwMDQxNDE4MzkzM1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgMEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcMB1NlYXR0bGUxIDAeBgNVBAoMF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDcaTgW/KyA6zyruJQrYy00a6wqLA7eeUzk3bMiTkLsTeDQfrkaZMfBAjGaaOymRo1C3qzE4rIenmahvUplu9ZmLwL1idWXMRX2RlSvIt+d2SeoKOKQWoc2UOFZMHYxDue7zkyk1CIRaBukTeY13/RIrlc6X61zJ5BBtZXlHwayjQIDAQABMA0GCSqGSIb3DQEBBQUAA4GBABTqTy3R6RXKPW45FA+cgo7YZEj/Cnz5YaoUivRRdX2A83BHuBTvJE2+WX00FTEj4hRVjameE1nENoO8Z7fUVloAFDlDo69fhkJeSvn51D1WRrPnoWGgEfr1+OfK1bAcKTtfkkkP9r4RdwSjKzO5Zu/B+Wqm3kVEz/QNcz6npmA6",
  "me-south-1": "MIIDPDCCAqWgAwIBAgIJAMl6uIV/zqJFMA0GCSqGSIb3DQEBCwUAMHIxCzAJBgNVBAYTAlVTMRMwEQYDVQQIDApXYXNoaW5ndG9uMRAwDgYDVQQHDAdTZWF0dGxlMSAwHgYDVQQKDBdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzEaMBgGA1UEAwwRZWMyLmFtYXpvbmF3cy5jb20wIBcNMTkwNDI2MTQzMjQ3WhgPMjE5ODA5MjkxNDMyNDdaMHIxCzAJBgNVBAYTAlVTMRMwEQYDVQQIDApXYXNoaW5ndG9uMRAwDgYDVQQHDAdTZWF0dGxlMSAwHgYDVQQKDBdBbWF6b24gV2ViIFNlcnZpY2VzIExMQzEaMBgGA1UEAwwRZWMyLmFtYXpvbmF3cy5jb20wgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALVNCDTZEnIeoX1SEYqq6k1BV0ZlpY5y3KnoOreCAE589TwS4MX5+8Fzd6AmACmugeBPQk7Hm6b2+g/d4tWycyxLaQlcq81DB1GmXehRkZRgGeRge1ePWd1TUA0I8P/QBT7SgUePm/kANSFU+P7s7u1NNl+vynyi0wUUrw7/wIZTAgMBAAGjgdcwgdQwHQYDVR0OBBYEFILtMd+T4YgH1cgc+hVsVOV+480FMIGkBgNVHSMEgZwwgZmAFILtMd+T4YgH1cgc+hVsVOV+480FoXakdDByMQswCQYDVQQGEwJVUzETMBEGA1UECAwKV2FzaGluZ3RvbjEQMA4GA1UEBwwHU2VhdHRsZTEgMB4GA1UECgwXQW1hem9uIFdlYiBTZXJ2aWNlcyBMTEMxGjAYBgNVBAMMEWVjMi5hbWF6b25hd3MuY29tggkAyXq4hX/OokUwDAYDVR0TBAUwAwEB/zANBgkqhkiG9w0BAQsFAAOBgQBhkNTBIFgWFd+ZhC/LhRUY4OjEiykmbEp6hlzQ79T0Tfbn5A4NYDI2icBP0+hmf6qSnIhwJF6typyd1yPK5FqtNTpxxcXmUKquX+pHmIkK1LKDO8rNE84jqxrxRsfDi6by82fjVYf2pgjJW8R1FAw+mL5WQRFexbfB5aXhcMo0AA==",
  "mx-central-1": "MIICPzCCAaigAwIBAgIUCmzpTTMBQYItpMC2VDYsZfIAS7IwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgMEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcMB1NlYXR0bGUxIDAeBgNVBAoMF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQwMjEyNTAzNloXDTI5MDQwMTEyNTAzNlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgMEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcMB1NlYXR0bGUxIDAeBgNVBAoMF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDfvOnCzm1iN58Nm7k6ehoy6v0lnnFI617D6CY3bfuq01RCdEQL96+pYawJieTH8JAQKj02CAa3AeaqdXTE/pDhI/YKLreeMb4K68WMn24Wjjs6oxjBbAmsKXtt9ihKHGBFNUhgFrNFYyA2i7ieJviwpHjQ/XgXiG2u1/t/4VydUwIDAQABMA0GCSqGSIb3DQEBCwUAA4GBAL5+vvj4lhaE+J5tuCqV3XJzDd97lsD4le2O2uGwP0sGdUcRAdxzU3Bwq/hhtzNWnfwo0aCEQKmLM7xyd3nUa0VvKXLq+DDuayipWINrOATnNxFRe99d38qHTR1dgkjZdKbbtnl6O4fgM57tVEuQJd/N4ILl9jaRcJ5Ip+9t3y5t",
  "sa-east-1": "MIIDITCCAoqgAwIBAgIUX4Bh4MQ86Roh37VDRRX1MNOB3TcwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE2NDYwOVoXDTI5MDQyODE2NDYwOVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUX4Bh4MQ86Roh37VDRRX1MNOB3TcwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBnhocfH6ZIX6F5K9+Y9V4HFk8vSaaKL5ytw/P5td1h9ej94KF3xkZ5fyjNURvGQv3kNmNJBoNarcP9I7JIMjsNPmVzqWawyCEGCZImoARxSS3Fc5EAs2PyBfcD9nCtzMTaKO09Xyq0wqXVYn1xJsE5d5yBDsGrzaTHKjxo61+ezQ==",
  "us-east-1": "MIIDITCCAoqgAwIBAgIUE1y2NIKCU+Rg4uu4u32koG9QEYIwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE3MzQwMVoXDTI5MDQyODE3MzQwMVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUE1y2NIKCU+Rg4uu4u32koG9QEYIwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQAlxSmwcWnhT4uAeSinJuz+1BTcKhVSWb5jT8pYjQb8ZoZkXXRGb09mvYeUNeqOBr27rvRAnaQ/9LUQf72+SahDFuS4CMI8nwowytqbmwquqFr4dxA/SDADyRiFea1UoMuNHTY49J/1vPomqsVn7mugTp+TbjqCfOJTpu0temHcFA==",
  "us-east-2": "MIIDITCCAoqgAwIBAgIUVJTc+hOU+8Gk3JlqsX438Dk5c58wDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE3MTE0OVoXDTI5MDQyODE3MTE0OVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUVJTc+hOU+8Gk3JlqsX438Dk5c58wEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQAywJQaVNWJqW0R0T0xVOSoN1GLk9x9kKEuN67RN9CLin4dA97qa7Mr5W4PFZ6vnh5CjOhQBRXV9xJUeYSdqVItNAUFK/fEzDdjf1nUfPlQ3OJ49u6CV01NoJ9musvY9kWcV46dqn2bk2MyfTTgvmeqP8fiMRPxxnVRkSzlldP5Fg==",
  "us-gov-east-1": "MIIDITCCAoqgAwIBAgIULVyrqjjwZ461qelPCiShB1KCCj4wDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDUwNzE1MjIzNloXDTI5MDUwNjE1MjIzNlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCpohwYUVPH9I7Vbkb3WMe/JB0Y/bmfVj3VpcK445YBRO9K80alesjgBc2tAX4KYg4Lht4EBKccLHTzaNi51YEGX1aLNrSmxhz1+WtzNLNUsyY3zD9zvwX/3k1+JB2dRA+m+Cpwx4mjzZyAeQtHtegVaAytkmqtxQrSCexBxvqRqQIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQU1ZXneBYnPvYXkHVlVjg7918VgE8wgZkGA1UdIwSBkTCBjoAU1ZXneBYnPvYXkHVlVjg7918VgE+hYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IULVyrqjjwZ461qelPCiShB1KCCj4wEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBfAL/YZv0y3zmVbXjyxQCsDloeDCJjFKIu3ameEckeIWJbST9LMto0zViZpuIAf05x6GQiEqfBMk+YMxJfcTmJB4Ebaj4egFlslJPSHyC2xuydHlr3B04INOH5Z2oCM68u6GGbj0jZjg7GJonkReG9N72kDva/ukwZKgq8zErQVQ==",
  "us-gov-west-1": "MIIDITCCAoqgAwIBAgIUe5wGF3jfb7lUHzvDxmM/ktGCLwwwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDUwNzE3MzAzMloXDTI5MDUwNjE3MzAzMlowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCpohwYUVPH9I7Vbkb3WMe/JB0Y/bmfVj3VpcK445YBRO9K80alesjgBc2tAX4KYg4Lht4EBKccLHTzaNi51YEGX1aLNrSmxhz1+WtzNLNUsyY3zD9zvwX/3k1+JB2dRA+m+Cpwx4mjzZyAeQtHtegVaAytkmqtxQrSCexBxvqRqQIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQU1ZXneBYnPvYXkHVlVjg7918VgE8wgZkGA1UdIwSBkTCBjoAU1ZXneBYnPvYXkHVlVjg7918VgE+hYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUe5wGF3jfb7lUHzvDxmM/ktGCLwwwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQCbTdpx1Iob9SwUReY4exMnlwQlmkTLyA8tYGWzchCJOJJEPfsW0ryy1A0HYIuvyUty3rJdp9ib8h3GZR71BkZnNddHhy06kPs4p8ewF8+d8OWtOJQcI+ZnFfG4KyM4rUsBrljpG2aOCm12iACEyrvgJJrS8VZwUDZS6mZEnn/lhA==",
  "us-west-1": "MIIDITCCAoqgAwIBAgIUK2zmY9PUSTR7rc1k2OwPYu4+g7wwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE3MDI0M1oXDTI5MDQyODE3MDI0M1owXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUK2zmY9PUSTR7rc1k2OwPYu4+g7wwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQA1Ng4QmN4n7iPh5CnadSOc0ZfM7by0dBePwZJyGvOHdaw6P6E/vEk76KsCQ8p+akuzVzVPkU4kBK/TRqLp19wEWoVwhhTaxHjQ1tTRHqXIVlrkw4JrtFbeNM21GlkSLonuzmNZdivn9WuQYeGe7nUD4w3q9GgiF3CPorJe+UxtbA==",
  "us-west-2": "MIIDITCCAoqgAwIBAgIUFx8PxCkbHwpD31bOyCtyz3GclbgwDQYJKoZIhvcNAQELBQAwXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMB4XDTI0MDQyOTE3MjM1OVoXDTI5MDQyODE3MjM1OVowXDELMAkGA1UEBhMCVVMxGTAXBgNVBAgTEFdhc2hpbmd0b24gU3RhdGUxEDAOBgNVBAcTB1NlYXR0bGUxIDAeBgNVBAoTF0FtYXpvbiBXZWIgU2VydmljZXMgTExDMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCHvRjf/0kStpJ248khtIaN8qkDN3tkw4VjvA9nvPl2anJO+eIBUqPfQG09kZlwpWpmyO8bGB2RWqWxCwuB/dcnIob6w420k9WY5C0IIGtDRNauN3kuvGXkw3HEnF0EjYr0pcyWUvByWY4KswZV42X7Y7XSS13hOIcL6NLA+H94/QIDAQABo4HfMIHcMAsGA1UdDwQEAwIHgDAdBgNVHQ4EFgQUJdbMCBXKtvCcWdwUUizvtUF2UTgwgZkGA1UdIwSBkTCBjoAUJdbMCBXKtvCcWdwUUizvtUF2UTihYKReMFwxCzAJBgNVBAYTAlVTMRkwFwYDVQQIExBXYXNoaW5ndG9uIFN0YXRlMRAwDgYDVQQHEwdTZWF0dGxlMSAwHgYDVQQKExdBbWF6b24gV2ViIFNlcnZpY2VzIExMQ4IUFx8PxCkbHwpD31bOyCtyz3GclbgwEgYDVR0TAQH/BAgwBgEB/wIBADANBgkqhkiG9w0BAQsFAAOBgQBzOl+9Xy1+UsbUBI95HO9mbbdnuX+aMJXgG9uFZNjgNEbMcvx+h8P9IMkoz7PzFdheQQ1NLjsHH9mSR1SyC4m9ja6BsejH5nLBWyCdjfdP3muZM4O5+r7vUa1OdWU+hP/T7DUrPAIVMOE7mpYa+WPWJrN6BlRwQkKQ7twm9kDalA=="
};

// lib/core/attest/trust.ts
var NO_TRUST = { mode: "off", accounts: [], certificates: {} };
var AWS = aws_certificates_default;
function certificateOf(region, { certificates }) {
  if (Object.hasOwn(certificates, region)) return certificates[region];
  const der = Object.hasOwn(AWS, region) ? AWS[region] : void 0;
  return der && `-----BEGIN CERTIFICATE-----
${der.replace(/.{64}/g, "$&\n")}
-----END CERTIFICATE-----
`;
}

// lib/core/attest/identity-document.ts
var CLOCK_MS = 5 * 6e4;
var Document = z.object({
  instanceId: z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/)),
  accountId: z.string(),
  region: z.string(),
  pendingTime: z.string()
});
var BASE64 = /^[A-Za-z0-9+/=\s]+$/;
function splitSecret(text2) {
  const second = text2.lastIndexOf(".");
  const first = text2.lastIndexOf(".", second - 1);
  if (first < 1) return { secret: text2 };
  const [document2, signature] = [text2.slice(first + 1, second), text2.slice(second + 1)];
  if (!BASE64.test(document2) || !BASE64.test(signature)) return { secret: text2 };
  const bytes = Buffer.from(document2, "base64");
  if (bytes[0] !== "{".charCodeAt(0)) return { secret: text2 };
  return { secret: text2.slice(0, first), proof: { document: bytes, signature: Buffer.from(signature, "base64") } };
}
function attestationOf({ document: document2, signature }, trust, nowMs) {
  const invalid3 = (why) => ({ kind: "invalid", why });
  const read = Document.safeParse(json(document2));
  if (!read.success) return invalid3("the identity document lacks instanceId, accountId, region or pendingTime");
  const { instanceId, accountId, region, pendingTime } = read.data;
  const pem = certificateOf(region, trust);
  if (pem === void 0)
    return invalid3(
      `no AWS certificate of the Region ${region} is known: give it with the property attestationCertificates of the Mayfly construct`
    );
  if (!isSigned(document2, signature, pem))
    return invalid3(
      "the signature of the identity document is not that of the Region, or the certificate cannot be read"
    );
  if (!trust.accounts.includes(accountId)) return invalid3(`the identity document is of account ${accountId}`);
  if (trust.region !== void 0 && region !== trust.region)
    return invalid3(`the identity document is of the Region ${region}, and Mayfly hears events of ${trust.region}`);
  if (!(Date.parse(pendingTime) <= nowMs + CLOCK_MS)) return invalid3("the identity document is of a time to come");
  return { kind: "attested", instanceId };
}
function json(document2) {
  try {
    return JSON.parse(document2.toString());
  } catch {
    return void 0;
  }
}
function isSigned(document2, signature, pem) {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "rsa" && verify("sha256", document2, key, signature);
  } catch {
    return false;
  }
}

// lib/core/attest/admit.ts
var LACKING = "it brought no instance identity document in its enroll secret file";
function admit(identifier, proof, trust, nowMs) {
  if (trust.mode === "off") return { kind: "admitted" };
  const isInstance = looksLikeInstance(identifier);
  const checked = proof && attestationOf(proof, trust, nowMs);
  if (checked?.kind === "attested") {
    const { instanceId } = checked;
    if (isInstance && identifier !== instanceId)
      return { kind: "refused", why: `the identity document is of ${instanceId}, not of ${identifier}` };
    return { kind: "admitted", attested: instanceId };
  }
  const why = checked?.why ?? LACKING;
  if (isInstance && trust.mode === "required") return { kind: "refused", why };
  return { kind: "admitted", issue: isInstance || checked ? why : void 0 };
}
var isAdmitted = (node, { mode }) => mode !== "required" || node.attested === true || !looksLikeInstance(identifierOf(node.host));

// lib/core/fleet/note-contest.ts
async function noteContest({ instance, winner, loser }, deps) {
  const detail = `${loser} claims to be ${instance} as well; ${winner} is asked about it`;
  await noteFinding({ kind: "identity-contested", host: loser, detail }, deps);
}
async function noteSharing(identifier, outcome, deps) {
  if (outcome.kind === "refused") {
    const detail2 = "another agent enrolls under this identifier; it was refused, as it names neither hardware nor database";
    await noteFinding({ kind: "identifier-shared", host: identifier, detail: detail2 }, deps);
    return;
  }
  if (outcome.twin) await noteTwin(identifier, outcome.node, deps);
  if (!outcome.displaces) return;
  const detail = `another agent had this name; the one called ${outcome.node.identity.hostname} can show more, and has it now`;
  await noteFinding({ kind: "identity-contested", host: identifier, detail }, deps);
}
async function noteTwin(identifier, { host, identity: identity2 }, deps) {
  const detail = `another agent lives under this identifier, on ${identity2.hostname || "a host without a name"}; it is called ${host}`;
  await noteFinding({ kind: "identifier-shared", host: identifier, detail }, deps);
}
async function noteUnattested(host, why, deps) {
  await noteFinding({ kind: "unattested", host, detail: why }, deps);
}

// lib/core/nodes/fit.ts
var AFTER_ADDRESS = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?:\.|$)/;
var AFTER_INSTANCE = /^(i-[0-9a-f]{8,17})(?:\.|$)/;
var HEARD_WITHIN_MS = 10 * 6e4;
function fitOf({ host, identity: identity2 }, instance, claimedAtMs) {
  if (!instance) return "unknown";
  const launchedAtMs = Date.parse(instance.identity.launched_at ?? "");
  const isHeardLater = instance.firstReceivedAtMs - claimedAtMs > HEARD_WITHIN_MS;
  if (launchedAtMs > claimedAtMs && isHeardLater) return "contradicts";
  return byName(identity2.hostname, instance) ?? byName(host, instance) ?? "unknown";
}
function byName(name, { workload, identity: identity2 }) {
  const [, ...octets] = AFTER_ADDRESS.exec(name) ?? [];
  const addresses2 = identity2.ip?.split(" ");
  if (octets.length > 0 && addresses2) return addresses2.includes(octets.join(".")) ? "fits" : "contradicts";
  const [, id] = AFTER_INSTANCE.exec(name) ?? [];
  if (id === void 0 || name === workload) return void 0;
  return id === workload ? "fits" : "contradicts";
}
var RANK = { contradicts: 0, unknown: 1, fits: 2 };
var fitsBetter = (one, other) => RANK[one] > RANK[other];

// lib/core/nodes/plan-enroll.ts
function planEnroll(newcomer, before, nowMs) {
  const { identity: identity2 } = newcomer;
  const isSame3 = before !== void 0 && isSameAgent(before.identity, identity2);
  const isSameMachine = before !== void 0 && (isSame3 || areOneMachine(before.identity, identity2));
  if (isSameMachine && before.endedAtMs !== void 0)
    return before.revokedAtMs === void 0 ? { kind: "ended" } : { kind: "revoked" };
  const known = lives(before, nowMs) ? before : void 0;
  if (known && isSame3 && nowMs - known.enrolledAtMs < GRACE_MS && known.attested === (newcomer.attested || void 0))
    return { kind: "same", node: known };
  if (known?.attested && isSame3 && !newcomer.attested) return { kind: "refused", why: UNATTESTED };
  if (known && !isSame3 && !mayReplace(newcomer, known, nowMs)) return asTwin(newcomer, known);
  return {
    kind: "new",
    node: nodeOf(newcomer, before, nowMs),
    replaces: before,
    isTakeover: known !== void 0 && !isSame3,
    displaces: known !== void 0 && !isSame3 && isHeard(known, nowMs) && !isLost2(known, newcomer.contestMs, nowMs)
  };
}
var UNATTESTED = "This host attested its instance before, and has to do so again: see its enroll secret file.";
var NAMELESS = "Another agent lives under this host_identifier, and this one names neither its hardware nor its database.";
function mayReplace({ attested, fit, fitBefore, contestMs }, known, nowMs) {
  if (known.attested && !attested) return false;
  if (attested && !known.attested) return true;
  return !isHeard(known, nowMs) || isLost2(known, contestMs, nowMs) || fitsBetter(fit, fitBefore);
}
function asTwin({ identifier, identity: identity2 }, known) {
  const host = twinName(identifier, known.identity, identity2);
  if (host === void 0 || host === known.host) return { kind: "refused", why: NAMELESS };
  return { kind: "twin", host, contests: areOneMachine(known.identity, identity2) };
}
function nodeOf({ host, identity: identity2, attested }, before, nowMs) {
  const known = lives(before, nowMs) ? before : void 0;
  const isSame3 = before !== void 0 && isSameAgent(before.identity, identity2);
  const isSameMachine = before !== void 0 && (isSame3 || areOneMachine(before.identity, identity2));
  return {
    host,
    // Never the epoch before: a key of it must not open this enrollment once its grace is over.
    epoch: Math.max(Math.floor(nowMs / 1e3), (before?.epoch ?? 0) + 1),
    // A key of another agent dies at once.
    previousEpoch: known && isSame3 ? known.epoch : void 0,
    previousUntilMs: known && isSame3 ? nowMs + GRACE_MS : void 0,
    enrolledAtMs: nowMs,
    lastSeenMs: nowMs,
    hotUntilMs: known?.hotUntilMs ?? 0,
    rev: before?.rev ?? 0,
    taken: before?.taken ?? {},
    identity: identity2,
    instanceId: isSameMachine ? before.instanceId : void 0,
    attested: attested || void 0,
    twins: isSameMachine ? before.twins : void 0,
    expiresAtMs: nowMs + NODE_TTL_MS
  };
}

// lib/core/nodes/enroll.ts
async function enroll(enrollment, policy, deps) {
  const { hostIdentifier, identity: identity2, attested } = enrollment;
  const { registry, now } = deps;
  let host = hostIdentifier;
  let contested;
  for (let round = 0; round < 7; round++) {
    const before = await registry.find(host, true);
    const record2 = await instanceOf(attested ?? hostIdentifier, identity2, before, deps);
    if (record2?.stopped && isGone(identity2, before, now())) return { kind: "ended" };
    const plan = planEnroll(newcomerOf(enrollment, host, before, record2, policy, now()), before, now());
    switch (plan.kind) {
      case "ended":
      case "revoked":
      case "refused":
        return plan;
      case "same":
        if (contested && !contested.twins?.includes(host)) await registry.contest(contested.host, host, now());
        return { kind: "enrolled", node: plan.node, twin: host !== hostIdentifier, fresh: false, displaces: false };
      case "twin":
        contested = plan.contests ? before : contested;
        host = plan.host;
        continue;
      case "new": {
        const node = await write(plan, enrollment, contested?.host, policy, deps);
        if (!node) continue;
        const again = await instanceOf(attested ?? hostIdentifier, identity2, before, deps);
        if (again?.stopped && isGone(identity2, before, now())) {
          await registry.end(host, now());
          return { kind: "ended" };
        }
        if (contested) await registry.contest(contested.host, host, now());
        const was = plan.isTakeover ? await takeBack2(node, plan.replaces, deps) : void 0;
        return { kind: "enrolled", node, twin: host !== hostIdentifier, fresh: true, was, displaces: plan.displaces };
      }
      default:
        return plan;
    }
  }
  throw new Error(`enrollment of ${hostIdentifier} lost seven races in a row`);
}
function newcomerOf({ hostIdentifier, identity: identity2, attested }, host, before, record2, { policy }, nowMs) {
  const { intervalSeconds } = before ? pollerOf(before, policy.profiles, nowMs) : { intervalSeconds: 0 };
  return {
    identifier: hostIdentifier,
    host,
    identity: identity2,
    attested: attested !== void 0,
    fit: fitOf({ host: hostIdentifier, identity: identity2 }, record2, nowMs),
    fitBefore: before ? fitOf({ host: hostIdentifier, identity: before.identity }, record2, before.enrolledAtMs) : "unknown",
    contestMs: contestMsOf(intervalSeconds)
  };
}
async function write(plan, { secret: secret2 }, contests, policy, deps) {
  const known = { ...plan.node, secret: secret2, tags: await tagsOf(plan.node, deps.ledger) };
  const heatMs = await askOnEnrollment(known, plan.replaces, policy, deps);
  const hotUntilMs = Math.max(plan.node.hotUntilMs, plan.node.enrolledAtMs + heatMs);
  const node = { ...known, hotUntilMs, contests };
  return await deps.registry.enroll(node, plan.replaces) ? node : void 0;
}
async function takeBack2(node, holder, deps) {
  const was = holder && twinName(node.host, holder.identity, node.identity);
  const twin = was === void 0 ? void 0 : await deps.registry.find(was, true);
  if (!twin || !isSameAgent(twin.identity, node.identity)) return void 0;
  await moveNamed(node.host, twin.host, node.host, deps);
  return twin.host;
}
async function instanceOf(identifier, identity2, before, { ledger, now }) {
  if (!identifier.startsWith("i-")) return void 0;
  const isSame3 = before !== void 0 && isSameAgent(before.identity, identity2);
  if (isSame3 && lives(before, now())) return void 0;
  const [instance] = await ledger.read([identifier]);
  return instance;
}
var isGone = (identity2, before, nowMs) => !(before && areTwoMachines(before.identity, identity2)) && !lives(before, nowMs);
async function askOnEnrollment(node, replaces, { enrollmentRules, policy }, deps) {
  const facts = factsOf(node, deps.now());
  const rules = enrollmentRules.filter(
    ({ on }) => "enrollment" in on && (on.enrollment === true || matchNode(on.enrollment, facts))
  );
  const cause = {
    key: `enroll ${node.host} after ${replaces?.epoch ?? 0}`,
    trigger: { node: facts },
    subjects: [],
    decorations: {},
    triggeredAtMs: node.enrolledAtMs,
    receivedAtMs: node.enrolledAtMs
  };
  const askings = rules.map((rule) => askingOf(rule, "enrollment"));
  const wanted = onPlatform(questions(node.host, askings, cause, deps.now()), platformOf(node.identity.platform));
  await enqueue(node.host, wanted, policy.limits, 0, deps);
  return 1e3 * heatSecondsOf(askings);
}

// lib/core/nodes/learn-instance.ts
function isBelieved({ toldBy, fit, own, owner }) {
  const isAttested = toldBy === "attestation";
  if (own) return isAttested && !own.attested;
  if (!owner) return true;
  if (isAttested || owner.toldBy === "attestation") return isAttested && owner.toldBy !== "attestation";
  return fitsBetter(fit, owner.fit);
}
async function learnInstance(host, instanceId, deps, attested = false) {
  const { registry, aliases, now } = deps;
  const living = async (name) => {
    const node2 = name === void 0 ? void 0 : await registry.find(name, true);
    return lives(node2, now()) ? node2 : void 0;
  };
  const [own, alias, node] = await Promise.all([living(instanceId), aliases.find(instanceId, true), living(host)]);
  const owner = alias && alias.host !== host ? await living(alias.host) : void 0;
  const [instance] = await deps.ledger.read([instanceId]);
  const fit = node ? fitOf(node, instance, now()) : "unknown";
  const toldBy = attested ? "attestation" : fit === "fits" ? "aws" : "agent";
  const ownerFit = owner && alias && fitOf(owner, instance, alias.sinceMs || owner.enrolledAtMs);
  const rivals = { toldBy, fit, own, owner: ownerFit && alias && { toldBy: alias.toldBy, fit: ownerFit } };
  const holder = own?.host ?? owner?.host;
  if (!isBelieved(rivals)) {
    if (holder) await deps.contested?.({ instance: instanceId, winner: holder, loser: host });
    return "taken";
  }
  if (isNews(alias, host, toldBy)) await aliases.learn(instanceId, host, now(), toldBy);
  await registry.isInstance(host, instanceId);
  await moveWaiting(instanceId, host, deps);
  if (holder) {
    await moveNamed(instanceId, holder, host, deps);
    await deps.contested?.({ instance: instanceId, winner: host, loser: holder });
  }
  return "learned";
}
var WORTH = { agent: 0, aws: 1, attestation: 2 };
var isNews = (alias, host, toldBy) => alias?.host !== host || WORTH[toldBy] > WORTH[alias.toldBy];

// lib/core/nodes/node-key.ts
import { createHmac as createHmac2, timingSafeEqual as timingSafeEqual2 } from "node:crypto";
var FORM = /^mf1\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{1,1400})\.([A-Za-z0-9_-]{43})$/;
function signNodeKey(claim, secret2) {
  const body = `mf1.${claim.epoch.toString(36)}.${Buffer.from(claim.host).toString("base64url")}`;
  return `${body}.${mac2(body, secret2)}`;
}
function readNodeKey(key, secrets) {
  const [, epoch, host, signature] = FORM.exec(key) ?? [];
  if (!epoch || !host || !signature) return void 0;
  const body = key.slice(0, key.lastIndexOf("."));
  const given = Buffer.from(signature);
  const genuine = secrets.some((secret2) => timingSafeEqual2(Buffer.from(mac2(body, secret2)), given));
  return genuine ? { host: Buffer.from(host, "base64url").toString(), epoch: Number.parseInt(epoch, 36) } : void 0;
}
var mac2 = (body, secret2) => createHmac2("sha256", secret2).update(body).digest("base64url");

// lib/core/queue/delivery.ts
var MAX_SQL_BYTES2 = 16384;
var MAX_ASKERS = 100;
var MAX_GROUP_BYTES = 1e5;
var MAX_DELIVERY_BYTES = 3e5;
function mergeable(pending) {
  const groups = [];
  const open = /* @__PURE__ */ new Map();
  for (const query of pending) {
    const lists = Object.values(query.bindings);
    const shared = lists.length > 0 && lists.every(Array.isArray);
    const key = JSON.stringify([query.rule, query.set, query.query, query.sql, query.discovery ?? null]);
    const group = shared ? open.get(key) : void 0;
    if (group && fits(group, query)) group.push(query);
    else {
      const fresh = [query];
      groups.push(fresh);
      if (shared) open.set(key, fresh);
    }
  }
  return groups;
}
function fits(group, query) {
  const larger = [...group, query];
  if (group.length >= MAX_ASKERS || Buffer.byteLength(sqlOf(larger)) > MAX_SQL_BYTES2) return false;
  return bytesOf(larger) <= MAX_GROUP_BYTES;
}
var bytesOf = (group) => Buffer.byteLength(JSON.stringify(group));
function fitting(groups) {
  const fit = [];
  let bytes = 0;
  for (const group of groups) {
    bytes += bytesOf(group);
    if (fit.length > 0 && bytes > MAX_DELIVERY_BYTES) break;
    fit.push(group);
  }
  return fit;
}
function sqlOf(group) {
  const [first, ...rest] = group;
  if (rest.length === 0) return renderSql(first.sql, first.bindings);
  const united = Object.fromEntries(
    Object.keys(first.bindings).map((name) => [name, [...new Set(group.flatMap((q) => q.bindings[name] ?? []))]])
  );
  return renderSql(first.sql, united);
}
function deliveryOf(id, groups, nowMs, leaseMs) {
  const host = groups[0]?.[0].host ?? "";
  return {
    id,
    host,
    answered: [],
    offers: [{ atMs: nowMs, positions: groups.map((_, position) => position) }],
    leaseUntilMs: nowMs + leaseMs,
    queries: groups.map((group) => ({
      rule: group[0].rule,
      query: group[0].query,
      set: group[0].set,
      sql: sqlOf(group),
      evidence: group[0].evidence,
      discovery: group[0].discovery,
      askers: group.map(askerOf),
      expiresAtMs: Math.max(...group.map((q) => q.expiresAtMs))
    }))
  };
}
function askerOf(query) {
  const { queryId, workload, alias, subjects, decorations, subjectDecorations } = query;
  const { triggeredAtMs, receivedAtMs, toldBy, queuedAtMs, expiresAtMs, places } = query;
  const clocks = { triggeredAtMs, receivedAtMs, queuedAtMs, expiresAtMs, ...toldBy ? { toldBy } : {} };
  const asker = { queryId, alias, subjects, decorations, subjectDecorations, ...clocks, ...places ? { places } : {} };
  return workload === void 0 ? asker : { ...asker, workload };
}

// lib/core/queue/plan-drain.ts
var defaultLimits = {
  queriesPerDelivery: 3,
  leaseMs: 3e4,
  attempts: 3,
  resendMs: 6e3,
  claimMs: 15e3
};
var REPEATS_OF_A_READ = 5;
function planDrain(partition, nowMs, limits) {
  const { deliveries } = partition;
  const due = dueParts(deliveries, nowMs, limits);
  const spent = deliveries.filter((delivery) => !isOut(delivery, nowMs) && !due.some((p) => p.delivery === delivery));
  const pending = pendingOf(partition, spent, nowMs);
  const groups = mergeable(pending.waiting);
  const lastGasps = groups.filter(([query]) => rank(query) === 0);
  const repeats = repeatsOf(deliveries, nowMs, limits);
  const again = repeats.length > 0 ? void 0 : againOf(due, groups, deliveries, nowMs);
  const chosen = again ? [] : freshOf(repeats.length > 0 ? lastGasps : groups, groups, limits);
  const handed = [...repeats, ...again ? [again] : []];
  const isMore = chosen.length < groups.length || isBehind(deliveries, handed, nowMs);
  const plan = { ...pending, spent, repeats, again, isMore };
  if (chosen.length === 0) return plan;
  const id = `${nowMs.toString(36).padStart(9, "0")}-${(partition.node?.rev ?? 0).toString(36).padStart(4, "0")}`;
  return { ...plan, fresh: deliveryOf(id, chosen, nowMs, limits.leaseMs) };
}
function pendingOf({ node, deliveries, pending }, spent, nowMs) {
  const held = deliveries.filter((delivery) => !spent.includes(delivery));
  const inFlight = new Set(held.flatMap((d) => d.queries.flatMap((q) => q.askers.map((a) => a.queryId))));
  const leftover = pending.filter((query) => inFlight.has(query.queryId));
  const taken = node?.taken ?? {};
  const known = pending.filter((q) => !inFlight.has(q.queryId) && !((taken[q.queryId] ?? 0) > nowMs));
  const expired = known.filter((query) => query.expiresAtMs <= nowMs);
  const waiting = known.filter((query) => query.expiresAtMs > nowMs).sort(byUrgency);
  return { leftover, expired, waiting };
}
var byUrgency = (a, b) => rank(a) - rank(b) || a.priority - b.priority || Number(!a.evidence) - Number(!b.evidence) || a.queuedAtMs - b.queuedAtMs;
var rank = ({ set }) => set === "last-gasp" ? 0 : 1;
function repeatsOf(deliveries, nowMs, { resendMs }) {
  return deliveries.filter((delivery) => {
    const [first, ...more] = attemptsOf(delivery);
    const isRecent = first !== void 0 && more.length === 0 && nowMs - first.atMs <= resendMs;
    return isRecent && delivery.offers.length <= REPEATS_OF_A_READ && isOut(delivery, nowMs);
  }).map((delivery) => ({ delivery, positions: outIn(delivery, nowMs) }));
}
function dueParts(deliveries, nowMs, { attempts }) {
  const parts = deliveries.filter((delivery) => !isOut(delivery, nowMs)).map((delivery) => ({ delivery, positions: nextPart(delivery, nowMs, attempts) }));
  return parts.filter(({ positions }) => positions.length > 0).sort((a, b) => rankOf(a) - rankOf(b) || Number(!proves(a)) - Number(!proves(b)));
}
var rankOf = ({ delivery, positions }) => Math.min(...queriesAt(delivery, positions).map(rank));
var proves = ({ delivery, positions }) => queriesAt(delivery, positions).some(({ evidence }) => evidence !== void 0);
function againOf(due, waiting, deliveries, nowMs) {
  const [first] = due;
  if (!first || waiting.length === 0) return first;
  const isLastGasp = waiting.some(([query]) => rank(query) === 0);
  const latest = deliveries.toSorted((a, b) => latestOf(b).atMs - latestOf(a).atMs)[0];
  const wasTurn = latest !== void 0 && attemptsOf(latest).length > 1 && isOut(latest, nowMs);
  return isLastGasp || wasTurn || !proves(first) ? void 0 : first;
}
function isBehind(deliveries, handed, nowMs) {
  return deliveries.some((delivery) => {
    const now = handed.find((part) => part.delivery === delivery)?.positions;
    const out = now ?? (isOut(delivery, nowMs) ? outIn(delivery, nowMs) : []);
    return openIn(delivery, nowMs).length > out.length;
  });
}
function freshOf(candidates, groups, { queriesPerDelivery }) {
  const room = { proofs: queriesPerDelivery, others: queriesPerDelivery };
  const taken = candidates.filter(([{ evidence }]) => {
    const kind = evidence ? "proofs" : "others";
    if (room[kind] === 0) return false;
    room[kind] -= 1;
    return true;
  });
  const fit = new Set(
    fitting(taken.toSorted(([a], [b]) => rank(a) - rank(b) || Number(!a.evidence) - Number(!b.evidence)))
  );
  return groups.filter((group) => fit.has(group));
}

// lib/core/queue/drain.ts
async function drain(host, partition, nowMs, deps) {
  const { queue, ledger, limits = defaultLimits } = deps;
  const plan = planDrain(partition, nowMs, limits);
  const queries = await offerAgain(plan, nowMs, queue, limits);
  const isTaken = plan.fresh !== void 0 && await deliver(plan.fresh, host, partition, nowMs, deps);
  if (plan.fresh && isTaken) queries.push(...offered(plan.fresh, 0, [...plan.fresh.queries.keys()]));
  for (const { workload, evidence, queryId } of plan.expired)
    await ledger.troubled(workload, "expired", evidence ? [queryId] : []);
  const taken = new Set(isTaken ? plan.fresh?.queries.flatMap(queryIdsOf) : []);
  const gone = [...plan.leftover, ...plan.expired, ...partition.pending.filter((query) => taken.has(query.queryId))];
  if (gone.length > 0) await queue.remove(gone.map(keyOf));
  for (const delivery of plan.spent) {
    const givenUp = givenUpOf(delivery, nowMs, limits.attempts);
    if (givenUp.length > 0 && !await deps.giveUp(delivery, givenUp)) continue;
    await closeSilent(delivery, ledger);
    await queue.retire(delivery);
  }
  const { waiting, isMore } = plan;
  const sinceMs = Math.max(Math.min(...waiting.map(({ queuedAtMs }) => queuedAtMs)), partition.node?.enrolledAtMs ?? 0);
  return { queries, waiting: waiting.length, longestWaitMs: Math.max(0, nowMs - sinceMs), isMore };
}
async function offerAgain({ repeats, again }, nowMs, queue, { leaseMs }) {
  const queries = [];
  for (const { delivery, positions } of repeats) {
    const number2 = await queue.offerAgain(delivery, { atMs: nowMs, positions, isRepeat: true });
    if (number2 !== void 0) queries.push(...offered(delivery, number2, positions));
  }
  if (again) {
    const { delivery, positions } = again;
    const number2 = await queue.offerAgain(delivery, { atMs: nowMs, positions }, nowMs + leaseMs);
    if (number2 !== void 0) queries.push(...offered(delivery, number2, positions));
  }
  return queries;
}
async function deliver(fresh, host, { node }, nowMs, { queue, ledger, limits = defaultLimits }) {
  const ids = fresh.queries.flatMap(queryIdsOf);
  const held = Object.entries(node?.taken ?? {}).filter(([, untilMs]) => untilMs > nowMs);
  const taken = Object.fromEntries([...held, ...ids.map((id) => [id, nowMs + limits.claimMs])]);
  if (!await queue.claim(host, node?.rev ?? 0, taken)) return false;
  await queue.deliver(fresh);
  const workloads = new Set(fresh.queries.flatMap(({ askers }) => askers.flatMap(({ workload }) => workload ?? [])));
  await Promise.all([...workloads].map((workload) => ledger.delivered(workload, nowMs)));
  return true;
}
var queryIdsOf = ({ askers }) => askers.map(({ queryId }) => queryId);
async function closeSilent(delivery, ledger) {
  const awaited = awaitedIn(delivery);
  for (const position of unanswered(delivery)) {
    const query = delivery.queries[position];
    if (query?.discovery === void 0 || !query.evidence) continue;
    for (const { workload, queryId } of query.askers) {
      if (workload === void 0) continue;
      if (awaited.includes(position)) await ledger.closed(workload, [queryId]);
      else await ledger.troubled(workload, "no-row", [queryId]);
    }
  }
}
function givenUpOf(delivery, nowMs, attempts) {
  return unanswered(delivery).flatMap((position) => {
    const query = delivery.queries[position];
    if (!query || query.discovery !== void 0) return [];
    const { times, alone } = offersOf(delivery, position);
    const isSilent = times < attempts && query.expiresAtMs <= nowMs && query.expiresAtMs > delivery.leaseUntilMs;
    return [{ query, position, reason: isSilent ? "agent-silent" : "unanswered", times, alone }];
  });
}

// lib/core/grouped.ts
function grouped(items, keyOf3) {
  const groups = /* @__PURE__ */ new Map();
  for (const item of items) {
    const key = keyOf3(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

// lib/core/results/answer-book.ts
import { createHash as createHash12 } from "node:crypto";
var MAX_MARKS = 1e4;
var pageNews = (before, marks, nowMs) => ({
  marks,
  nowMs,
  replaces: before.size + marks.length > MAX_MARKS
});
var MINUTE_MS2 = 6e4;
function entryOf2({ wireId, status }, run) {
  const failed = status !== 0;
  if (run) {
    const deliveredAtMs = Number.parseInt(run.deliveryId, 36);
    return { page: String(Math.floor(deliveredAtMs / MINUTE_MS2)), mark: `${run.deliveryId}-${markOf(run, failed)}` };
  }
  const digest3 = createHash12("sha256").update(wireId).digest("hex");
  return { page: `~${digest3.slice(0, 1)}`, mark: `${digest3.slice(0, 24)}${failed ? "!" : ""}` };
}

// lib/core/results/answered.ts
async function withQuestions(host, answers, queue) {
  const runs = new Map(answers.map((answer) => [answer, runOf(answer.wireId)]));
  const ids = new Set([...runs.values()].flatMap((run) => run?.deliveryId ?? []));
  const found2 = ids.size > 0 ? await queue.findDeliveries(host, [...ids]) : [];
  const deliveries = new Map(found2.map((delivery) => [delivery.id, delivery]));
  return answers.map((answer) => {
    const run = runs.get(answer);
    const delivery = run && deliveries.get(run.deliveryId);
    const query = run && delivery?.queries[run.position];
    if (!run || !delivery || !query) return { answer, entry: entryOf2(answer, void 0) };
    const mark = markOf(run, answer.status !== 0);
    return { answer, entry: entryOf2(answer, run), asked: { run, mark, delivery, query } };
  });
}
var isSettled = ({ asked }) => asked?.delivery.answered.includes(asked.mark) ?? false;
var offerOf = (delivery, { offer }) => delivery.offers[offer] ?? delivery.offers.at(-1);
function repeatsAmong(answers) {
  const firstOffers = /* @__PURE__ */ new Map();
  const repeats = /* @__PURE__ */ new Set();
  for (const one of answers) {
    if (!one.asked) continue;
    const { delivery, query, run } = one.asked;
    const before = delivery.answered.map(markedRun).find(({ position }) => position === run.position)?.offer;
    const first = firstOffers.get(query) ?? before ?? run.offer;
    firstOffers.set(query, first);
    if (first !== run.offer) repeats.add(one);
  }
  return repeats;
}
function settledIn(answers) {
  const byDelivery = grouped(
    answers.flatMap(({ asked }) => asked ?? []),
    ({ delivery }) => delivery
  );
  return [...byDelivery].map(([delivery, ofIt]) => ({ delivery, marks: ofIt.map(({ mark }) => mark) }));
}

// lib/core/results/lines.ts
import { createHash as createHash13 } from "node:crypto";
var lineId = (...parts) => createHash13("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 22);

// lib/core/results/result-lines.ts
function linesOf(node, { answer, asked }, isRepeat, nowMs) {
  const query = asked?.query;
  const common = {
    ...commonOf(node, query, nowMs),
    status: answer.status,
    message: answer.message,
    late: query === void 0,
    repeat: isRepeat,
    deliveredAtMs: asked && offerOf(asked.delivery, asked.run)?.atMs
  };
  const run = answer.status === 0 ? answer.wireId : `${answer.wireId} failed`;
  const line = (index, columns2, asker) => ({
    ...common,
    ...ofAsker(node, query, asker, columns2),
    id: lineId(node.host, run, index, asker?.queryId ?? ""),
    queryId: asker?.queryId ?? cut(answer.wireId, 64),
    columns: columns2
  });
  if (answer.rows.length === 0) {
    const askers = query ? query.askers : [void 0];
    return askers.map((asker) => line(0, null, asker));
  }
  const askersOfRow = query ? askersOf(query) : () => [void 0];
  return answer.rows.flatMap((row, index) => askersOfRow(row).map((asker) => line(index, row, asker)));
}
function linesOfGivenUp(node, delivery, given, nowMs) {
  const { query, position, reason, times, alone } = given;
  return query.askers.map((asker) => ({
    ...commonOf(node, query, nowMs),
    ...ofAsker(node, query, asker, null),
    id: lineId(node.host, delivery.id, position, "given up", asker.queryId),
    queryId: asker.queryId,
    status: 1,
    message: `Mayfly: ${reason}: no answer came; offered ${times} times, ${alone} of them alone`,
    columns: null,
    late: false,
    repeat: false,
    givenUp: reason,
    deliveredAtMs: latestOf(delivery).atMs
  }));
}
var commonOf = (node, query, nowMs) => ({
  kind: "result",
  time: new Date(nowMs).toISOString(),
  storedAtMs: nowMs,
  host: node.host,
  hostname: node.identity.hostname,
  rule: query?.rule ?? "",
  query: query?.query ?? "",
  set: query?.set ?? ""
});
var ofAsker = (node, query, asker, row) => ({
  workload: asker?.workload ?? null,
  decorations: { ...hostDecorations(node), ...decorationsOf(asker, row, query) },
  triggeredAtMs: asker?.triggeredAtMs,
  receivedAtMs: asker?.receivedAtMs,
  queuedAtMs: asker?.queuedAtMs
});
function askersOf(query) {
  const column = query.evidence?.column ?? (query.askers.some((a) => a.subjects.length > 0) ? "id" : void 0);
  const bySubject = /* @__PURE__ */ new Map();
  for (const asker of query.askers) {
    for (const subject of new Set(asker.subjects)) bySubject.set(subject, [...bySubject.get(subject) ?? [], asker]);
  }
  const unnamed = query.askers.length === 1 ? query.askers : [void 0];
  return (row) => {
    const subject = column !== void 0 && Object.hasOwn(row, column) ? row[column] : void 0;
    return (subject === void 0 ? void 0 : bySubject.get(subject)) ?? unnamed;
  };
}
function hostDecorations(node) {
  const { hostname, uuid, platform, osqueryVersion } = node.identity;
  return { host_identifier: node.host, hostname, host_uuid: uuid, platform, osquery_version: osqueryVersion };
}
function decorationsOf(asker, row, query) {
  if (!asker) return {};
  const column = query?.evidence?.column ?? "id";
  const subject = row && Object.hasOwn(row, column) ? row[column] : void 0;
  const own = subject !== void 0 && Object.hasOwn(asker.subjectDecorations, subject) ? asker.subjectDecorations[subject] : {};
  return { ...asker.decorations, ...own };
}

// lib/core/results/give-up.ts
var PATIENCE_MS = 2e3;
async function giveUp(node, delivery, queries, { sink, ledger, timeLeftMs, now, report }) {
  const nowMs = now();
  const lines = queries.flatMap((given) => linesOfGivenUp(node, delivery, given, nowMs));
  try {
    await sink.results(lines, () => Math.min(PATIENCE_MS, timeLeftMs()));
  } catch (error) {
    report("giving_up_failed", { host: node.host, error: error instanceof Error ? error.message : String(error) });
    return false;
  }
  for (const { query, reason, times, alone } of queries) {
    const byWorkload = grouped(query.askers, (asker) => asker.workload);
    for (const [workload, askers] of byWorkload)
      await ledger.troubled(workload, reason, query.evidence ? askers.map(({ queryId }) => queryId) : []);
    const { rule, query: name, set } = query;
    const { host } = node;
    if (reason === "unanswered") report("query_unanswered", { host, rule, query: name, set, offers: times, alone });
    else report("agent_was_silent", { host, rule, query: name, set, offers: times, alone });
  }
  return true;
}

// lib/core/together.ts
async function together(items, act) {
  const work2 = [...items].map(act);
  await Promise.allSettled(work2);
  await Promise.all(work2);
}

// lib/core/fleet/short-cleanup.ts
var CLEANUP_MS = 3 * 36e5;
async function noteShortCleanup(host, { subjects, triggeredAtMs }, answered, reached, deps) {
  const agoMs = Math.max(0, deps.now() - triggeredAtMs);
  if (agoMs >= CLEANUP_MS || subjects.every((id) => answered.includes(id))) return;
  const gone = `a container was gone ${Math.round(agoMs / 1e3)} s after its task had stopped`;
  const detail = reached ? gone : `${gone}, unless osquery cannot reach the Docker socket: it named no container at all`;
  await noteFinding({ kind: "cleanup-too-short", host, detail }, deps);
}

// lib/core/queue/ask-twins.ts
var PRIORITY = 1;
var wantsTwins = ({ twins = [], seesContainersAtMs }, query) => twins.length > 0 && seesContainersAtMs === void 0 && query.evidence !== void 0;
async function askTwins(node, query, queue) {
  const { rule, query: name, set, sql, evidence, discovery } = query;
  for (const host of node.twins ?? [])
    for (const asker of query.askers)
      await queue.enqueue({
        ...asker,
        alias: asker.alias ?? node.host,
        host,
        priority: PRIORITY,
        rule,
        query: name,
        set,
        sql,
        bindings: {},
        evidence,
        discovery
      });
}

// lib/core/ledger/clocks.ts
function clocksOf(instants) {
  const { eventAtMs, receivedAtMs, queuedAtMs, deliveredAtMs, answeredAtMs, storedAtMs } = instants;
  return {
    eventToReceivedMs: between(eventAtMs, receivedAtMs),
    receivedToQueuedMs: between(receivedAtMs, queuedAtMs),
    queuedToDeliveredMs: between(queuedAtMs, deliveredAtMs),
    deliveredToAnsweredMs: between(deliveredAtMs, answeredAtMs),
    answeredToStoredMs: between(answeredAtMs, storedAtMs),
    timeToAnswerMs: between(eventAtMs, answeredAtMs) ?? 0
  };
}
var between = (fromMs, toMs) => fromMs === void 0 || toMs === void 0 ? null : Math.max(0, toMs - fromMs);

// lib/core/ledger/first-answer.ts
var firstAnswer = ({ from: from2, answeredAtMs, storedAtMs }) => ({
  firstAnswerAtMs: answeredAtMs,
  firstStoredAtMs: storedAtMs,
  firstAnswerFrom: from2
});
function judged({ poller: askedOf, ...asked }, { from: { poller, deliveredAtMs }, answeredAtMs, storedAtMs }, { deliveredAtMs: takenAtMs = deliveredAtMs }, sweepEveryMs) {
  const instants = { ...asked, deliveredAtMs, answeredAtMs, storedAtMs };
  const sinceMs = askedOf ? 0 : Math.min(poller.enrolledAtMs, takenAtMs);
  const of = askedOf ?? poller;
  return {
    instants,
    poller: of,
    lateMs: lateByMs(instants, { intervalSeconds: of.intervalSeconds, sweepEveryMs }, sinceMs)
  };
}

// lib/core/results/answer-clocks.ts
var TIMED = /* @__PURE__ */ new Set(["live", "last-gasp", "post-mortem"]);
function reportClocks(host, proofs, sweepEveryMs, report) {
  for (const proof of proofs) {
    const { rule, set } = proof.query;
    if (!TIMED.has(set)) continue;
    const { workload = null, decorations } = proof.asker;
    const { instants, lateMs } = timed(proof, sweepEveryMs);
    const clocks = clocksOf(instants);
    const { timeToAnswerMs } = clocks;
    report("answer_timed", {
      rule,
      cluster: decorations.cluster ?? null,
      set,
      host,
      workload,
      toldBy: instants.toldBy,
      eventToReceivedMs: clocks.eventToReceivedMs,
      receivedToQueuedMs: clocks.receivedToQueuedMs,
      queuedToDeliveredMs: clocks.queuedToDeliveredMs,
      deliveredToAnsweredMs: clocks.deliveredToAnsweredMs,
      answeredToStoredMs: clocks.answeredToStoredMs,
      timeToAnswerMs
    });
    if (lateMs > 0) report("mtta_breached", { rule, set, host, workload, timeToAnswerMs, lateMs });
  }
}
function timed({ asker, before, ...arrival }, sweepEveryMs) {
  const held = (asked) => judged(asked, arrival, before ?? {}, sweepEveryMs);
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, toldBy = "event" } = asker;
  const own = { eventAtMs, receivedAtMs, queuedAtMs, toldBy };
  if (!before || before.kind === "ec2-instance") return held(own);
  if (before.firstAnswerAtMs === void 0) return held(before.handling?.firstAsked ?? own);
  return { ...held(own), lateMs: 0 };
}

// lib/core/results/container-facts.ts
var MAX_COMMAND_BYTES = 512;
function containerFacts({ command, started_at, finished_at, status }) {
  const startedAtMs = instant(started_at);
  const finishedAtMs = instant(finished_at);
  const exitCode = /^Exited \((\d{1,3})\)/.exec(status ?? "")?.[1];
  return {
    ...command ? { command: cut2(command) } : {},
    ...startedAtMs === void 0 ? {} : { startedAtMs },
    ...finishedAtMs === void 0 ? {} : { finishedAtMs },
    ...exitCode === void 0 ? {} : { exitCode: Number(exitCode) }
  };
}
function instant(text2) {
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text2 ?? "") ? Date.parse(text2 ?? "") : Number.NaN;
  return atMs > 0 ? atMs : void 0;
}
var cut2 = (text2) => Buffer.from(text2).subarray(0, MAX_COMMAND_BYTES).toString().replace(/\uFFFD$/, "");

// lib/core/results/settle.ts
async function settleAnswers(node, answers, clocks, deps) {
  const { host } = node;
  const all = answers.flatMap(({ answer, asked }) => {
    if (!asked) return [];
    const deliveredAtMs = offerOf(asked.delivery, asked.run)?.atMs ?? clocks.answeredAtMs;
    return [{ answer, query: asked.query, deliveredAtMs }];
  });
  if (node.seesContainersAtMs === void 0 && all.some(showsContainers)) await deps.seesContainers?.();
  const known = await passOn(node, await rightful(host, all, deps), deps.queue);
  await learnFrom(host, known, deps);
  const evident = known.filter(({ query }) => query.evidence !== void 0);
  if (evident.length === 0) return;
  const poller = await deps.poller();
  const news = evident.flatMap((one) => newsOf(one, poller));
  for (const one of news) {
    if (one.query.set === "post-mortem" && one.answer.status === 0)
      await noteShortCleanup(host, one.asker, one.proved, one.answer.rows.length > 0, deps);
  }
  const byWorkload = grouped(news, ({ workload }) => workload);
  const told2 = /* @__PURE__ */ new Map();
  await together(byWorkload, async ([workload, ofIt]) => {
    told2.set(workload, await tellLedger(workload, ofIt, clocks, deps));
  });
  const proofs = [...byWorkload.keys()].flatMap((workload) => told2.get(workload) ?? []);
  reportClocks(host, proofs, deps.sweepEveryMs, deps.report);
}
function showsContainers({ answer: { status, rows }, query: { set, evidence, askers } }) {
  if (status !== 0) return false;
  if (set === "enrollment") return rows.some((row) => Object.hasOwn(row, "server_version"));
  const ids = new Set(askers.flatMap(({ workload, subjects }) => workload?.startsWith("arn:") ? subjects : []));
  return evidence !== void 0 && rows.some((row) => ids.has(row[evidence.column] ?? ""));
}
async function rightful(host, known, { standsFor: standsFor2, report }) {
  const names = new Set(known.flatMap(({ query }) => query.askers.flatMap(({ alias }) => alias ?? [])));
  const lost = /* @__PURE__ */ new Set();
  for (const name of names) if (standsFor2 && !await standsFor2(name)) lost.add(name);
  for (const name of lost) report("answer_disregarded", { host, alias: name });
  if (lost.size === 0) return [...known];
  const isRightful = ({ alias }) => alias === void 0 || !lost.has(alias);
  return known.map((one) => ({ ...one, query: { ...one.query, askers: one.query.askers.filter(isRightful) } }));
}
async function passOn(node, known, queue) {
  const own = [];
  for (const one of known) {
    const { answer, query } = one;
    const isEmpty = answer.status === 0 && answer.rows.length === 0;
    if (isEmpty && wantsTwins(node, query)) await askTwins(node, query, queue);
    else own.push(one);
  }
  return own;
}
async function learnFrom(host, known, deps) {
  const good = known.filter(({ answer }) => answer.status === 0);
  const instances = good.flatMap(
    ({ answer, query }) => query.set === "enrollment" || query.set === "launch" ? firstMatch(answer.rows, "instance_id", INSTANCE_ID3) : []
  );
  for (const instance of new Set(instances)) if (instance !== host) await deps.learnInstance(host, instance);
  const places = good.flatMap(({ query }) => query.askers.flatMap((asker) => asker.places ?? []));
  for (const place of new Set(places))
    await deps.fanOuts.save(place, { hosts: 1, done: true }, deps.now(), FINDING_KEEPS_MS);
  const hashes = known.flatMap(({ answer }) => firstMatch(answer.rows, "config_hash", CONFIG_HASH));
  const latest = hashes.at(-1);
  if (latest) await deps.learnConfig(host, latest);
}
var INSTANCE_ID3 = /^i-[0-9a-f]{8,17}$/;
var CONFIG_HASH = /^[0-9a-f]{40}$/;
function firstMatch(rows, column, pattern) {
  const found2 = rows.find((row) => pattern.test(row[column] ?? ""))?.[column];
  return found2 === void 0 ? [] : [found2];
}
function newsOf({ answer, query, deliveredAtMs }, poller) {
  const { evidence } = query;
  if (!evidence) return [];
  const rowsOf2 = grouped(answer.rows, (row) => row[evidence.column] ?? "");
  return query.askers.flatMap((asker) => {
    const { workload } = asker;
    if (workload === void 0) return [];
    const rows = [...new Set(asker.subjects)].flatMap((subject) => rowsOf2.get(subject) ?? []);
    const idsOf2 = (some) => [...new Set(some.flatMap((row) => row[evidence.column] ?? []))];
    const proved = idsOf2(rows);
    const isAlive = isAliveIn(query, evidence);
    const isPartial = proved.length === 0 || asker.subjects.some((subject) => !proved.includes(subject));
    const good = answer.status === 0 ? rows : [];
    return [
      {
        workload,
        query,
        asker,
        answer,
        from: { deliveredAtMs, poller },
        live: idsOf2(good.filter(isAlive)),
        postMortem: idsOf2(good.filter((row) => !isAlive(row))),
        proved,
        facts: factsIn(good, evidence.column),
        trouble: troubleOf(answer, isPartial)
      }
    ];
  });
}
var isAliveIn = ({ set }, { alive }) => (row) => set !== "post-mortem" && (!alive || alive.oneOf.includes(row[alive.column] ?? ""));
var MAX_FACTS = 50;
function factsIn(rows, column) {
  const said = rows.flatMap((row) => {
    const facts = containerFacts(row);
    return Object.keys(facts).length > 0 ? [[row[column] ?? "", facts]] : [];
  });
  return Object.fromEntries([...new Map(said.toReversed())].slice(-MAX_FACTS));
}
function troubleOf({ status, message }, isPartial) {
  if (status === 0) return isPartial ? "no-row" : void 0;
  return message.includes("denylisted") ? "denylisted" : "query-failed";
}
async function tellLedger(workload, news, clocks, { ledger }) {
  const troubles = grouped(
    news.filter(({ trouble }) => trouble),
    ({ trouble }) => trouble
  );
  for (const [trouble, ofIt] of troubles) if (trouble) await ledger.troubled(workload, trouble, queryIdsOf2(ofIt));
  const proving = news.filter(({ live, postMortem }) => live.length + postMortem.length > 0);
  const [first] = proving;
  if (!first) return [];
  const closes = queryIdsOf2(proving);
  const before = await ledger.saw(workload, { ...sightingOf(proving), closes, from: first.from, ...clocks });
  return proving.map(({ query, asker, from: from2 }, index) => {
    const then = before && index > 0 ? { ...before, firstAnswerAtMs: clocks.answeredAtMs } : before;
    return { query, asker, from: from2, ...clocks, before: then };
  });
}
var queryIdsOf2 = (news) => [...new Set(news.map(({ asker }) => asker.queryId))];
function sightingOf(proving) {
  const unique = (ids) => [...new Set(ids)];
  const isEnded = ({ postMortem }) => postMortem.length > 0;
  const inOrder = proving.toReversed().toSorted((a, b) => Number(isEnded(a)) - Number(isEnded(b)));
  const facts = inOrder.flatMap((one) => Object.entries(one.facts));
  return {
    live: unique(proving.flatMap(({ live }) => live)),
    postMortem: unique(proving.flatMap(({ postMortem }) => postMortem)),
    facts: Object.fromEntries([...new Map(facts)].slice(-MAX_FACTS))
  };
}

// lib/core/results/handle-answers.ts
var SLICE_ANSWERS = 200;
var SLICE_ROWS = 2e3;
var RESERVE_MS = 1500;
async function handleAnswers(node, answers, deps) {
  let isDone = true;
  let slowestMs = 0;
  for (const slice of slicesOf(answers)) {
    const leftMs = deps.timeLeftMs();
    if (slowestMs > 0 && leftMs < RESERVE_MS + 2 * slowestMs) return false;
    const { isWhole, didWork } = await storeSlice(node, slice, deps);
    isDone &&= isWhole;
    if (didWork) slowestMs = Math.max(slowestMs, 1, leftMs - deps.timeLeftMs());
  }
  return isDone;
}
function* slicesOf(answers) {
  const sorted3 = answers.toSorted((a, b) => a.wireId < b.wireId ? -1 : 1);
  let slice = [];
  let rows = 0;
  for (const answer of sorted3) {
    if (slice.length === SLICE_ANSWERS || slice.length > 0 && rows + answer.rows.length > SLICE_ROWS) {
      yield slice;
      slice = [];
      rows = 0;
    }
    slice.push(answer);
    rows += answer.rows.length;
  }
  if (slice.length > 0) yield slice;
}
async function storeSlice(node, slice, deps) {
  const all = await withQuestions(node.host, slice, deps.queue);
  const open = all.filter((one) => !isSettled(one));
  if (open.length === 0) return { isWhole: true, didWork: false };
  const answeredAtMs = deps.now();
  const pages = await claimPages(node.host, open, answeredAtMs, deps);
  const mine = open.filter(({ entry }) => pages.has(entry.page));
  const unstored = mine.filter(({ entry }) => !pages.get(entry.page)?.has(entry.mark));
  try {
    const repeats = repeatsAmong(mine);
    const lines = unstored.flatMap((one) => linesOf(node, one, repeats.has(one), answeredAtMs));
    if (lines.length > 0) await deps.sink.results(lines, deps.timeLeftMs);
    await closePages(node.host, pages, unstored, answeredAtMs, deps.book);
  } catch (error) {
    await together(pages.keys(), (page) => deps.book.release(node.host, page));
    throw error;
  }
  await settleAnswers(node, mine, { answeredAtMs, storedAtMs: deps.now() }, deps);
  await deps.queue.complete(settledIn(mine));
  return { isWhole: mine.length === open.length, didWork: true };
}
async function claimPages(host, open, nowMs, { book, timeLeftMs }) {
  const pages = /* @__PURE__ */ new Map();
  const untilMs = nowMs + Math.max(1, timeLeftMs());
  try {
    await together(new Set(open.map(({ entry }) => entry.page)), async (page) => {
      const marks = await book.claim(host, page, nowMs, untilMs);
      if (marks !== "busy") pages.set(page, marks);
    });
  } catch (error) {
    await together(pages.keys(), (page) => book.release(host, page));
    throw error;
  }
  return pages;
}
async function closePages(host, pages, stored, nowMs, book) {
  await together(pages, async ([page, before]) => {
    const marks = stored.flatMap(({ entry }) => entry.page === page ? [entry.mark] : []);
    if (marks.length === 0) await book.release(host, page);
    else await book.stored(host, page, pageNews(before, marks, nowMs));
  });
}

// lib/core/osquery/requests.ts
import * as z2 from "zod/mini";
var table = z2.optional(z2.record(z2.string(), z2.unknown()));
var Enroll = z2.object({
  enroll_secret: z2._default(z2.string(), ""),
  host_identifier: z2.string().check(z2.refine((text2) => identifierProblem(text2) === void 0)),
  platform_type: z2.optional(z2.unknown()),
  host_details: z2.optional(
    z2.object({ os_version: table, osquery_info: table, system_info: table, platform_info: table })
  )
});
function enrollProblem(body) {
  const name = isObject2(body) ? body.host_identifier : void 0;
  const problem = typeof name === "string" ? identifierProblem(name) : void 0;
  return problem ? `The host_identifier cannot be used: ${problem}.` : "An enroll request needs a host_identifier of 1 to 255 characters.";
}
function readEnroll(body) {
  const result = Enroll.safeParse(body);
  if (!result.success) return void 0;
  const { enroll_secret, host_identifier, host_details } = result.data;
  const field = (of, name) => of && Object.hasOwn(of, name) ? cut(textOf2(of[name]), 100) : "";
  return {
    ...splitSecret(enroll_secret || renamedSecret(body)),
    enrollment: {
      hostIdentifier: host_identifier,
      identity: {
        hostname: field(host_details?.system_info, "hostname"),
        uuid: field(host_details?.system_info, "uuid"),
        vendor: field(host_details?.system_info, "hardware_vendor"),
        agentInstance: field(host_details?.osquery_info, "instance_id"),
        osqueryVersion: field(host_details?.osquery_info, "version"),
        platform: field(host_details?.os_version, "platform")
      }
    }
  };
}
function renamedSecret(body) {
  const known = /* @__PURE__ */ new Set(["enroll_secret", "host_identifier", "platform_type", "host_details", "node_key"]);
  const other = Object.entries(body).filter(([name, value]) => !known.has(name) && typeof value === "string");
  return other.length === 1 ? String(other[0]?.[1]) : "";
}
var keyInHeader = (authorization) => /^NodeKey\s+(\S+)$/i.exec(authorization ?? "")?.[1];
function nodeKeyOf(body, authorization) {
  const inBody = isObject2(body) && typeof body.node_key === "string" ? body.node_key : "";
  const inHeader = keyInHeader(authorization) ?? "";
  if (inBody && inHeader && inBody !== inHeader) return "";
  return inBody || inHeader;
}
var isRows = (rows) => Array.isArray(rows) ? rows.every(isObject2) : rows === null || rows === "";
var NO_ROWS = "Mayfly: its rows are no list of objects; they are in quarantine";
function readAnswers(body) {
  if (!isObject2(body) || !isObject2(body.queries)) return void 0;
  const member = (name, id) => {
    const map = body[name];
    return isObject2(map) && Object.hasOwn(map, id) ? map[id] : void 0;
  };
  return Object.entries(body.queries).map(([wireId, rows]) => {
    const isReadable = isRows(rows);
    const status = statusOf(member("statuses", wireId));
    const message = textOf2(member("messages", wireId));
    return {
      wireId,
      status: isReadable ? status : status || 1,
      message: isReadable ? message : message || NO_ROWS,
      rows: Array.isArray(rows) ? rows.filter(isObject2).map(toRow) : []
    };
  });
}
var MAX_PART_CHARACTERS = 1e5;
function* unreadableRows(body) {
  if (!isObject2(body) || !isObject2(body.queries)) return;
  let part = [];
  let characters = 0;
  for (const [wireId, rows] of Object.entries(body.queries)) {
    if (isRows(rows)) continue;
    const member = `${JSON.stringify(wireId)}:${JSON.stringify(rows)}`;
    if (part.length > 0 && characters + member.length > MAX_PART_CHARACTERS) {
      yield `{"queries":{${part.join(",")}}}`;
      part = [];
      characters = 0;
    }
    part.push(member);
    characters += member.length;
  }
  if (part.length > 0) yield `{"queries":{${part.join(",")}}}`;
}
function readLog(body) {
  if (!isObject2(body) || !Array.isArray(body.data)) return void 0;
  return { logType: cut(textOf2(body.log_type), 100), lines: body.data };
}
function toRow(row) {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, textOf2(value)]));
}
function textOf2(value) {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "");
}
function statusOf(value) {
  const status = Number(textOf2(value));
  return Number.isFinite(status) ? status : 1;
}
function isObject2(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// lib/core/osquery/admission.ts
var MAX_DEPTH4 = 64;
var SMALL = { maxBytes: 64 * 1024, maxValues: 500, maxDepth: MAX_DEPTH4, maxInflatedBytes: 0 };
var LARGE = { maxBytes: Infinity, maxValues: 1e6, maxDepth: MAX_DEPTH4, maxInflatedBytes: 0 };
function boundsOf2(endpoint) {
  switch (endpoint) {
    case "enroll":
    case "config":
    case "read":
      return SMALL;
    case "write":
      return LARGE;
    case "log":
      return { ...LARGE, maxInflatedBytes: MAX_INFLATED_BYTES };
    // `logger_tls_compress`; nothing else of an agent is ever packed
    default:
      return endpoint;
  }
}
async function keysOf(endpoint, { authorization, body }) {
  const key = keyInHeader(authorization);
  return key === void 0 ? body.claimedKeys(endpoint === "log") : [key];
}
function documentOf2(body, bounds) {
  try {
    return { document: body.document(bounds) };
  } catch (error) {
    if (error instanceof MayflyError) return { problem: error.message };
    throw error;
  }
}

// lib/core/osquery/replies.ts
var json2 = (status, document2) => ({
  status,
  body: JSON.stringify(document2),
  contentType: "application/json"
});
var accepted = json2(200, {});
var refused = (error, status = 200) => json2(status, { error });
var nodeInvalid = json2(200, { node_invalid: true });
var plain = (text2) => ({ status: 200, body: text2, contentType: "text/plain" });
var enrolled = (nodeKey) => json2(200, { node_key: nodeKey });
var document = (body) => ({ status: 200, body, contentType: "application/json" });
function work(queries, accelerate) {
  const discovery = queries.flatMap((query) => query.discovery ? [[query.wireId, query.discovery]] : []);
  return json2(200, {
    queries: Object.fromEntries(queries.map((query) => [query.wireId, query.sql])),
    ...discovery.length > 0 ? { discovery: Object.fromEntries(discovery) } : {},
    ...accelerate === void 0 ? {} : { accelerate }
  });
}

// lib/core/osquery/routes.ts
var PATHS = /* @__PURE__ */ new Map([
  ["enroll", "enroll"],
  ["config", "config"],
  ["configure", "config"],
  ["log", "log"],
  ["logger", "log"],
  ["read", "read"],
  ["distributed_read", "read"],
  ["distributedRead", "read"],
  ["write", "write"],
  ["distributed_write", "write"],
  ["distributedWrite", "write"]
]);
function endpointOf(path) {
  const segments = segmentsOf(path);
  return segments.at(-2) === "orbit" ? void 0 : PATHS.get(segments.at(-1) ?? "");
}
var segmentsOf = (path) => path.split("?", 1)[0]?.split("/").filter(Boolean) ?? [];
var CARVE = /* @__PURE__ */ new Set(["start", "continue", "begin", "block", "init", "carve_init", "carve_block"]);
var isCarve = (path) => CARVE.has(segmentsOf(path).at(-1) ?? "");

// lib/core/results/log-book.ts
var LOG_BOOK_KEEPS_MS = 24 * 36e5;
var MARK_LENGTH = 8;

// lib/core/triggers/handle-log.ts
async function askOnLog(node, lines, policy, deps) {
  const matches2 = [];
  let configHash2;
  for (const line of lines) {
    for (const [index, row] of rowsOf(line.line).entries()) {
      if (row.action !== "removed" && isHash(row.columns.config_hash)) configHash2 = row.columns.config_hash;
      const rules = policy.logRules(row);
      if (rules.length > 0) matches2.push({ line, index, row, rules });
    }
  }
  if (configHash2) await deps.directory.runs(node.host, configHash2);
  if (matches2.length === 0) return 0;
  const { wanted, askings } = wantedBy(node, matches2, deps.now());
  const queued = await enqueue(node.host, wanted, policy.policy.limits, heatSecondsOf(askings), deps);
  return queued.length;
}
function wantedBy(node, matches2, nowMs) {
  const facts = factsOf(node, nowMs);
  const wanted = { queries: [], refusals: [] };
  const askings = /* @__PURE__ */ new Map();
  for (const { line, index, row, rules } of matches2) {
    const cause = {
      key: `log ${node.host} ${line.id} ${index}`,
      trigger: { node: facts, query: row.query, action: row.action, columns: row.columns },
      subjects: [],
      decorations: { log_query: row.query },
      triggeredAtMs: timeOf(line.line, nowMs),
      receivedAtMs: nowMs
    };
    for (const rule of rules) {
      const asking = askings.get(rule.name) ?? askingOf(rule, "log");
      askings.set(rule.name, asking);
      const { queries, refusals } = questions(node.host, [asking], cause, nowMs);
      for (const query of queries) wanted.queries.push(query);
      for (const refusal of refusals) wanted.refusals.push(refusal);
    }
  }
  return { wanted, askings: [...askings.values()] };
}
var MAX_NAME = 500;
function rowsOf(line) {
  if (!isObject3(line) || typeof line.name !== "string" || line.name.length > MAX_NAME) return [];
  const query = line.name;
  const rows = (value, action) => Array.isArray(value) ? value.filter(isObject3).map((columns2) => ({ query, action, columns: columns2 })) : [];
  if (isObject3(line.columns))
    return [{ query, action: typeof line.action === "string" ? line.action : "", columns: line.columns }];
  if (Array.isArray(line.snapshot)) return rows(line.snapshot, "snapshot");
  if (!isObject3(line.diffResults)) return [];
  return [...rows(line.diffResults.removed, "removed"), ...rows(line.diffResults.added, "added")];
}
function timeOf(line, nowMs) {
  const { unixTime: unixTime2 } = isObject3(line) ? line : {};
  const ms = typeof unixTime2 === "number" || typeof unixTime2 === "string" ? Math.round(Number(unixTime2) * 1e3) : 0;
  return Number.isSafeInteger(ms) && ms > 0 ? ms : nowMs;
}
var isHash = (value) => typeof value === "string" && /^[0-9a-f]{40}$/.test(value);
function isObject3(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// lib/core/osquery/store-log.ts
var MAX_LOG_LINES = 4e4;
var SLICE_LINES = 256;
var SLICE_BYTES = 2 * 1024 * 1024;
var RESERVE_MS2 = 4e3;
async function storeLog(node, { logType, lines }, timeLeftMs, deps) {
  if (lines.length === 0) return true;
  const { logBook, sink, policy, report, now } = deps;
  const all = logLines(node, logType, lines, now());
  const before = new Set(await logBook.stored(node.host, logType, now()));
  const done = isSame(before, all) ? all.flatMap(({ id }) => before.has(markOf2(id)) ? markOf2(id) : []) : [];
  const left = done.length > 0 ? all.filter(({ id }) => !before.has(markOf2(id))) : all;
  let isFirst = true;
  for (const slice of slices(left)) {
    if (!isFirst && timeLeftMs() < RESERVE_MS2) {
      report("log_stored_in_part", { host: node.host, logType, stored: done.length, lines: all.length });
      return false;
    }
    isFirst = false;
    await sink.logs(slice, timeLeftMs);
    if (logType === "result") await askOnLog(node, slice, await policy(), deps);
    for (const { id } of slice) done.push(markOf2(id));
    await logBook.note(node.host, logType, done, now());
  }
  return true;
}
var markOf2 = (id) => id.slice(0, MARK_LENGTH);
function isSame(before, lines) {
  const known = new Set(lines.map(({ id }) => markOf2(id)).filter((mark) => before.has(mark)));
  return before.size > 0 && known.size * 2 >= before.size;
}
function logLines(node, logType, lines, nowMs) {
  const { host, identity: identity2 } = node;
  const time2 = new Date(nowMs).toISOString();
  const counts = /* @__PURE__ */ new Map();
  return lines.map((line) => {
    const first = lineId(host, logType, JSON.stringify(line));
    const count = counts.get(first) ?? 0;
    counts.set(first, count + 1);
    const id = count === 0 ? first : lineId(first, count);
    return { id, kind: "log", time: time2, storedAtMs: nowMs, host, hostname: identity2.hostname, logType, line };
  });
}
function* slices(lines) {
  let open = [];
  let bytes = 0;
  for (const line of lines) {
    const more = JSON.stringify(line.line).length;
    if (open.length > 0 && (open.length === SLICE_LINES || bytes + more > SLICE_BYTES)) {
      yield open;
      open = [];
      bytes = 0;
    }
    open.push(line);
    bytes += more;
  }
  if (open.length > 0) yield open;
}

// lib/core/osquery/tls-api.ts
var TlsApi = class {
  #deps;
  constructor(deps) {
    this.#deps = deps;
  }
  async answer(request) {
    const endpoint = endpointOf(request.path);
    if (!endpoint && isCarve(request.path)) return plain("Mayfly does not take carves yet.");
    if (!endpoint)
      return refused("Unknown path. Mayfly serves enroll, config, log, distributed/read, distributed/write.");
    if (request.method !== "POST" && request.method !== "PUT") return refused(`${request.method} is not POST`);
    try {
      return await this.#dispatch(endpoint, request);
    } catch (error) {
      this.#deps.report("request_failed", { endpoint, error: error instanceof Error ? error.stack : String(error) });
      return refused("Temporary trouble: keep your data and come again.", 503);
    }
  }
  /** Who signed a request comes first: nothing of a stranger is inflated, looked up or stored. */
  async #dispatch(endpoint, request) {
    const { body, authorization } = request;
    if (endpoint === "enroll") return this.#enroll(body);
    const keys = await keysOf(endpoint, request);
    const bearer = await this.#bearerOf(keys);
    if (!bearer) return keys.length > 0 ? nodeInvalid : this.#keyless(body);
    if (endpoint === "log" || endpoint === "write") return this.#data(endpoint, bearer, request);
    const read = documentOf2(body, boundsOf2(endpoint));
    if ("problem" in read) return refused(read.problem);
    if (nodeKeyOf(read.document, authorization) !== bearer.key) return nodeInvalid;
    return endpoint === "read" ? this.#read(bearer.claim, request.timeLeftMs) : this.#config(bearer.claim);
  }
  async #data(endpoint, bearer, request) {
    const { body, authorization } = request;
    const node = await this.#nodeOf(bearer.claim);
    if (!node) return nodeInvalid;
    const read = documentOf2(body, boundsOf2(endpoint));
    if ("problem" in read) return this.#quarantine(node, endpoint, read.problem, body);
    if (nodeKeyOf(read.document, authorization) !== bearer.key) return nodeInvalid;
    return endpoint === "log" ? this.#log(node, read.document, request) : this.#write(node, read.document, request);
  }
  /** A request without a key is one of no node; what cannot be read may have been one of a node. */
  #keyless(body) {
    const read = documentOf2(body, boundsOf2("read"));
    return "problem" in read ? refused(`no node key was found, and ${read.problem}`) : nodeInvalid;
  }
  /** The first of these keys that we signed. */
  async #bearerOf(keys) {
    for (const key of keys) {
      const claim = await this.#claimOf(key);
      if (claim) return { key, claim };
    }
    return void 0;
  }
  async #enroll(body) {
    const { enrollSecrets, nodeKeySecret, report } = this.#deps;
    const read = documentOf2(body, boundsOf2("enroll"));
    if ("problem" in read) return refused(read.problem);
    const request = readEnroll(read.document);
    if (!request) return refused(enrollProblem(read.document));
    const { hostIdentifier, identity: identity2 } = request.enrollment;
    const secret2 = await secretNamed(request.secret, enrollSecrets);
    if (secret2 === void 0) {
      report("enroll_refused", { hostIdentifier: cut(hostIdentifier.replace(/[^\x20-\x7e]/g, "?"), 40) });
      return refused("The enroll secret is not ours.");
    }
    const admission = admit(hostIdentifier, request.proof, this.#trust, this.#deps.now());
    if (admission.kind === "refused") {
      report("attestation_refused", { hostIdentifier, why: admission.why });
      return refused(`This host did not attest its instance: ${admission.why}.`);
    }
    const policy = await this.#deps.policy();
    const { attested } = admission;
    const outcome = await enroll({ ...request.enrollment, secret: secret2, attested }, policy, this.#deps);
    if (outcome.kind === "ended") {
      report("ended_host_refused", { hostIdentifier });
      return refused("The EC2 instance of this machine was terminated: it enrolls no more.");
    }
    if (outcome.kind === "revoked") {
      report("revoked_host_refused", { hostIdentifier });
      return refused("This host was revoked by an operator: it enrolls no more.");
    }
    await noteSharing(hostIdentifier, outcome, this.#deps);
    if (outcome.kind === "refused") {
      report("enroll_unproven", { hostIdentifier, why: outcome.why });
      return refused(outcome.why);
    }
    const { node, twin, fresh, was } = outcome;
    if (was) await this.#deps.directory.remove(was);
    if (admission.issue) await noteUnattested(node.host, admission.issue, this.#deps);
    if (attested && attested !== hostIdentifier) await this.#learnInstance(node.host, attested, true);
    await this.#correctAlias(node.host);
    await this.#list(node, policy);
    if (twin) report("host_identifier_shared", { hostIdentifier, host: node.host, hostname: identity2.hostname });
    if (fresh)
      report("node_enrolled", { host: node.host, hostname: identity2.hostname, osquery: identity2.osqueryVersion });
    const [signing] = await nodeKeySecret.values();
    if (!signing) throw new Error("there is no node-key secret");
    return enrolled(signNodeKey({ host: node.host, epoch: node.epoch }, signing));
  }
  async #config(claim) {
    const node = await this.#nodeOf(claim);
    if (!node) return nodeInvalid;
    await this.#seen(node);
    return document(agentConfig(this.#profileOf(node, await this.#deps.policy())).json);
  }
  async #read(claim, timeLeftMs) {
    const { now, report, limits = defaultLimits } = this.#deps;
    const partition = await this.#partitionOf(claim);
    const node = partition?.node;
    if (!partition || !node) return nodeInvalid;
    const nowMs = now();
    await this.#seen(node);
    if (node.contests && await this.#outlived(node, node.contests)) return nodeInvalid;
    const idle = partition.pending.length === 0;
    const { queriesPerDelivery } = idle ? limits : (await this.#deps.policy()).policy.limits;
    const drained = await drain(node.host, partition, nowMs, {
      ...this.#deps,
      limits: { ...limits, queriesPerDelivery },
      giveUp: (delivery, given) => giveUp(node, delivery, given, { ...this.#deps, timeLeftMs })
    });
    const { queries, waiting, longestWaitMs, isMore } = drained;
    const wireIds = queries.map((query) => query.wireId);
    if (queries.length > 0) report("queries_delivered", { host: node.host, wireIds, waiting, longestWaitMs });
    return work(queries, await this.#accelerate(node, isMore ? limits.leaseMs : 0, nowMs));
  }
  /**
   * For how long the agent is to poll every 5 s: what is left of its host's heat, or the lease of what it takes where more
   * waits behind that. Never one that polls as often by itself, as osquery would slow it down (docs/spec/osquery-protocol.md §9.1).
   */
  async #accelerate(node, moreMs, nowMs) {
    const seconds = accelerateSeconds({ hotUntilMs: Math.max(node.hotUntilMs, nowMs + moreMs) }, nowMs);
    if (seconds === void 0) return void 0;
    return await this.#intervalSecondsOf(node) > HOT_INTERVAL_SECONDS ? seconds : void 0;
  }
  async #write(node, body, { body: bytes, timeLeftMs }) {
    const { registry, now, report } = this.#deps;
    const answers = readAnswers(body);
    if (!answers) return this.#quarantine(node, "write", "no readable queries", bytes);
    const done = await handleAnswers(node, answers, {
      ...this.#deps,
      timeLeftMs,
      learnConfig: (host, hash2) => this.#deps.directory.runs(host, hash2),
      poller: async () => pollerOf(node, (await this.#deps.policy()).policy.profiles, now()),
      learnInstance: (host, instance) => this.#hearInstance(node, host, instance),
      seesContainers: () => registry.seesContainers(node.host, now()),
      standsFor: (name) => standsFor(name, node.host, this.#deps)
    });
    const wireIds = answers.slice(0, 10).map((answer) => cut(answer.wireId, 64));
    report("answers_stored", { host: node.host, answers: answers.length, wireIds, done });
    if (!done) return refused("Not all of these results are stored yet: keep them and come again.", 503);
    for (const part of unreadableRows(body))
      await this.#quarantine(node, "write", "rows are no list of objects", RequestBody.of(Buffer.from(part)));
    return accepted;
  }
  async #log(node, body, { body: bytes, timeLeftMs }) {
    const batch = readLog(body);
    if (!batch) return this.#quarantine(node, "log", "no readable data", bytes);
    if (batch.lines.length > MAX_LOG_LINES)
      return this.#quarantine(node, "log", `more than ${MAX_LOG_LINES} lines`, bytes);
    const done = await storeLog(node, batch, timeLeftMs, this.#deps);
    return done ? accepted : refused("A part is stored: send all of it again, the rest is stored then.", 503);
  }
  async #quarantine(node, endpoint, reason, bytes) {
    const { sink, now, report } = this.#deps;
    const bodyBase64 = (await bytes.keepsake()).toString("base64");
    const id = lineId(node.host, endpoint, bodyBase64);
    await sink.quarantine([
      {
        id,
        kind: "quarantine",
        time: new Date(now()).toISOString(),
        storedAtMs: now(),
        host: node.host,
        endpoint,
        reason,
        bodyBase64
      }
    ]);
    report("body_quarantined", { host: node.host, endpoint, reason, bytes: bytes.size });
    return accepted;
  }
  /** What a key says, once its signature holds; costs no call unless the signing secret may have been rotated. */
  async #claimOf(key) {
    const { nodeKeySecret } = this.#deps;
    if (!key.startsWith("mf1.")) return void 0;
    return readNodeKey(key, await nodeKeySecret.values()) ?? readNodeKey(key, await nodeKeySecret.refreshed());
  }
  // An eventually consistent read may miss an enrollment of a moment ago, and "invalid" makes the agent throw its key
  // away: so it is said only after a consistent read.
  async #nodeOf({ host, epoch }) {
    const { registry } = this.#deps;
    const node = await registry.find(host);
    if (this.#opens(node, epoch)) return node;
    const sure = await registry.find(host, true);
    return this.#opens(sure, epoch) ? sure : void 0;
  }
  async #partitionOf({ host, epoch }) {
    const { queue } = this.#deps;
    const partition = await queue.open(host);
    if (this.#opens(partition.node, epoch)) return partition;
    const sure = await queue.open(host, true);
    return this.#opens(sure.node, epoch) ? sure : void 0;
  }
  async #seen(node) {
    const nowMs = this.#deps.now();
    if (nowMs - node.lastSeenMs < SEEN_EVERY_MS && !isContested(node)) return;
    await this.#deps.registry.seen(node.host, nowMs);
    const identifier = identifierOf(node.host);
    if (identifier !== node.host) await noteTwin(identifier, node, this.#deps);
    if (this.#trust.mode !== "off" && looksLikeInstance(identifier) && !node.attested)
      await noteUnattested(node.host, "it enrolled without an instance identity document", this.#deps);
    await this.#correctAlias(node.host);
    await this.#list({ ...node, lastSeenMs: nowMs }, await this.#deps.policy());
  }
  /**
   * Whether the agent whose identifier this one came with is gone: then this one enrolls again, and gets the identifier. The
   * first of them to be seen ends the question.
   */
  async #outlived(node, holderHost) {
    const { registry, now } = this.#deps;
    const nowMs = now();
    if (nowMs - node.enrolledAtMs < contestMsOf(await this.#intervalSecondsOf(node))) return false;
    const holder = await registry.find(holderHost, true);
    if (!lives(holder, nowMs)) return true;
    if (!isContested(holder)) await registry.keepTwin(node.host);
    return isLost2(holder, contestMsOf(await this.#intervalSecondsOf(holder)), nowMs);
  }
  /** An agent's own word about its instance counts only where documents are not required. */
  async #hearInstance(node, host, instance) {
    if (node.attested) return;
    const { mode } = this.#trust;
    if (mode !== "off") await noteUnattested(host, `it says that it is ${instance}, without a document`, this.#deps);
    if (mode !== "required") await this.#learnInstance(host, instance, false);
  }
  async #learnInstance(host, instance, attested) {
    const contested = (contest) => noteContest(contest, this.#deps);
    const outcome = await learnInstance(host, instance, { ...this.#deps, contested }, attested);
    this.#deps.report("instance_named", { host, instance, outcome });
  }
  /** Whether a key of this epoch opens the node now, and the node may have its name. */
  #opens(node, epoch) {
    return accepts(node, epoch, this.#deps.now()) && node !== void 0 && isAdmitted(node, this.#trust);
  }
  get #trust() {
    return this.#deps.attestation ?? NO_TRUST;
  }
  /** A host that lives is asked under its own name: an alias of it may send its questions elsewhere. */
  async #correctAlias(host) {
    if (await this.#deps.aliases.find(host)) await hostOf(host, this.#deps);
  }
  /** Keeps the node in the directory, where selectors find it. */
  async #list(node, policy) {
    const { name } = this.#profileOf(node, policy);
    await this.#deps.directory.note(entryOf(node, name), this.#deps.now() + NODE_TTL_MS);
  }
  async #intervalSecondsOf(node) {
    return intervalSecondsOf(this.#profileOf(node, await this.#deps.policy()));
  }
  #profileOf(node, { policy }) {
    const facts = factsOf(node, this.#deps.now());
    return profileFor(policy.profiles, facts);
  }
};

// lib/core/reconcile/settled.ts
var TRUSTED_MS = 6 * 36e5;
var Settled = class {
  /** Key → when it was found in order, epoch ms. */
  #before = /* @__PURE__ */ new Map();
  #now = /* @__PURE__ */ new Map();
  has(key, nowMs) {
    const sinceMs = this.#now.get(key) ?? this.#before.get(key);
    if (sinceMs === void 0 || nowMs - sinceMs >= TRUSTED_MS) return false;
    this.#now.set(key, sinceMs);
    return true;
  }
  add(key, nowMs) {
    this.#now.set(key, nowMs);
  }
  /** A sweep has seen everything: what it did not ask for is gone. */
  turn() {
    this.#before = this.#now;
    this.#now = /* @__PURE__ */ new Map();
  }
};

// lib/core/triggers/container-hosts.ts
var HIT_MS = 3e5;
var MISS_MS = 15e3;
var FAILURE_MS = 1e3;
var CACHE_SIZE = 1e4;
var ContainerHosts = class {
  #aliases;
  #lookup;
  #now;
  #cache = /* @__PURE__ */ new Map();
  constructor(aliases, lookup, now) {
    this.#aliases = aliases;
    this.#lookup = lookup;
    this.#now = now;
  }
  /** Looks up many at once, so that the events of one batch cost one call per cluster. */
  async prefetch(wanted) {
    const missing = /* @__PURE__ */ new Map();
    for (const { clusterArn, containerInstanceArn } of wanted) {
      if (this.#cached(containerInstanceArn)) continue;
      const known = await this.#aliases.hostOf(containerInstanceArn);
      if (known) this.#keep(containerInstanceArn, { instance: known }, HIT_MS);
      else missing.set(clusterArn, (missing.get(clusterArn) ?? /* @__PURE__ */ new Set()).add(containerInstanceArn));
    }
    for (const [clusterArn, arns] of missing) {
      try {
        const found2 = await this.#lookup.instancesOf(clusterArn, [...arns]);
        for (const arn of arns) {
          const instance = found2.get(arn);
          if (instance) await this.#aliases.learn(arn, instance, this.#now(), "aws");
          this.#keep(arn, instance ? { instance } : {}, instance ? HIT_MS : MISS_MS);
        }
      } catch (failure) {
        for (const arn of arns) this.#keep(arn, { failure }, FAILURE_MS);
      }
    }
  }
  /**
   * Learns from a container-instance event, which costs ECS nothing.
   *
   * @param then what this news sets off; it counts as known here only when that is done
   */
  async learn(containerInstanceArn, instance, then) {
    const cached = this.#cached(containerInstanceArn);
    if (cached?.instance === instance && cached.moved) return;
    await this.#aliases.learn(containerInstanceArn, instance, this.#now(), "aws");
    await then();
    this.#keep(containerInstanceArn, { instance, moved: true }, HIT_MS);
  }
  /** The instance of a container instance that was unknown a moment ago: asks the table itself, and nobody else. */
  async news(containerInstanceArn) {
    const instance = await this.#aliases.hostOf(containerInstanceArn, true);
    if (instance) this.#keep(containerInstanceArn, { instance }, HIT_MS);
    return instance;
  }
  /** The instance that runs a task, or undefined: no container instance (Fargate), or one that ECS does not know. */
  async instanceOf(clusterArn, containerInstanceArn) {
    if (!containerInstanceArn) return void 0;
    await this.prefetch([{ clusterArn, containerInstanceArn }]);
    const { instance, failure } = this.#cached(containerInstanceArn) ?? {};
    if (failure !== void 0) throw failure;
    return instance;
  }
  #cached(arn) {
    const entry = this.#cache.get(arn);
    return entry && entry.untilMs > this.#now() ? entry : void 0;
  }
  #keep(arn, entry, ms) {
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size >= CACHE_SIZE && oldest !== void 0) this.#cache.delete(oldest);
    this.#cache.set(arn, { ...entry, untilMs: this.#now() + ms });
  }
};

// lib/memory/findings.ts
var MemoryFindings = class {
  #findings = /* @__PURE__ */ new Map();
  async note(kind, host, detail, nowMs) {
    const before = this.#findings.get(`${kind}#${host}`);
    const open = before !== void 0 && isOpen(before, nowMs);
    const finding = { kind, host, detail, firstAtMs: open ? before.firstAtMs : nowMs, lastAtMs: nowMs };
    this.#findings.set(`${kind}#${host}`, finding);
    return !open;
  }
  async open(nowMs) {
    const named = [...this.#findings].sort(([a], [b]) => a < b ? -1 : 1);
    return named.flatMap(([, finding]) => isOpen(finding, nowMs) ? [finding] : []);
  }
};
var isOpen = ({ kind, lastAtMs }, nowMs) => lastAtMs + CLOSED_AFTER_MS[kind] > nowMs;

// lib/memory/hosts.ts
var MemoryHosts = class {
  #partitions = /* @__PURE__ */ new Map();
  #spaces = /* @__PURE__ */ new Map();
  /** Every name under which something is kept. */
  get names() {
    return [...this.#partitions.keys()];
  }
  async open(host) {
    const { node, deliveries, pending } = this.#of(host);
    return {
      ...node ? { node } : {},
      deliveries: sorted(deliveries),
      pending: sorted(pending)
    };
  }
  async waiting(host, nowMs) {
    const pending = [...this.#of(host).pending.values()];
    return new Set(pending.filter(({ expiresAtMs }) => expiresAtMs > nowMs).map(({ queryId }) => queryId));
  }
  async space(host, question, queryId, nowMs, untilMs) {
    const key = `${host} ${question}`;
    const held = this.#spaces.get(key);
    if (held && held.queryId !== queryId && held.untilMs > nowMs) return false;
    this.#spaces.set(key, { queryId, untilMs });
    return true;
  }
  async enqueue(query) {
    const { pending } = this.#of(query.host);
    const before = pending.get(nameOf3(query));
    if (!before || before.expiresAtMs <= query.queuedAtMs) pending.set(nameOf3(query), query);
  }
  async claim(host, rev, taken) {
    const partition = this.#of(host);
    if (partition.node?.rev !== rev) return false;
    partition.node = { ...partition.node, rev: rev + 1, taken };
    return true;
  }
  async deliver(delivery) {
    this.#of(delivery.host).deliveries.set(delivery.id, { ...delivery, answered: [] });
  }
  async offerAgain({ host, id, leaseUntilMs }, offer, untilMs) {
    const { deliveries } = this.#of(host);
    const known = deliveries.get(id);
    if (!known || untilMs !== void 0 && known.leaseUntilMs !== leaseUntilMs) return void 0;
    const offers = [...known.offers, offer];
    deliveries.set(id, { ...known, offers, leaseUntilMs: untilMs ?? known.leaseUntilMs });
    return offers.length - 1;
  }
  async findDeliveries(host, deliveryIds) {
    const { deliveries, retired } = this.#of(host);
    return [...new Set(deliveryIds)].flatMap((id) => {
      const open = deliveries.get(id);
      const delivery = open ?? retired.get(id);
      return delivery ? [{ ...delivery, isRetired: !open }] : [];
    });
  }
  async complete(settled) {
    for (const { delivery, marks } of settled) {
      const { isRetired, ...asRead } = delivery;
      const { deliveries, retired } = this.#of(delivery.host);
      const whole = { ...asRead, answered: [.../* @__PURE__ */ new Set([...asRead.answered, ...marks])].sort() };
      if (!isRetired && unanswered(whole).length === 0) {
        await this.retire(whole);
        continue;
      }
      const shelf = isRetired ? retired : deliveries;
      const known = shelf.get(delivery.id);
      if (known) shelf.set(delivery.id, { ...known, answered: [.../* @__PURE__ */ new Set([...known.answered, ...marks])].sort() });
    }
  }
  async retire(delivery) {
    const { deliveries, retired } = this.#of(delivery.host);
    retired.set(delivery.id, delivery);
    deliveries.delete(delivery.id);
  }
  async remove(keys) {
    for (const key of keys) this.#of(key.host).pending.delete(nameOf3(key));
  }
  async find(host) {
    return this.#of(host).node;
  }
  async enroll(node, replaces) {
    const partition = this.#of(node.host);
    const before = partition.node;
    if (before?.epoch !== replaces?.epoch || before?.rev !== replaces?.rev) return false;
    partition.node = node;
    return true;
  }
  async seen(host, nowMs) {
    this.#change(host, (node) => ({ ...node, lastSeenMs: nowMs, expiresAtMs: nowMs + NODE_TTL_MS }));
  }
  async heat(host, untilMs) {
    this.#change(host, (node) => ({ ...node, hotUntilMs: Math.max(node.hotUntilMs, untilMs) }));
  }
  async isInstance(host, instanceId) {
    this.#change(host, (node) => ({ ...node, instanceId }));
  }
  async tag(host, tags2) {
    this.#change(host, (node) => ({ ...node, tags: tags2 }));
  }
  async contest(host, twin, nowMs) {
    this.#change(host, (node) => {
      const { twins = [] } = node;
      const isNew = !twins.includes(twin) && twins.length < MOST_TWINS;
      return { ...node, contestedAtMs: nowMs, twins: isNew ? [...twins, twin] : twins };
    });
  }
  async keepTwin(host) {
    this.#change(host, ({ contests: _, ...node }) => node);
  }
  async seesContainers(host, nowMs) {
    this.#change(host, (node) => ({ ...node, seesContainersAtMs: node.seesContainersAtMs ?? nowMs }));
  }
  async end(host, nowMs) {
    this.#change(host, (node) => ({ ...node, endedAtMs: node.endedAtMs ?? nowMs, rev: node.rev + 1 }));
  }
  async revoke(host, nowMs) {
    const isKnown = this.#of(host).node !== void 0;
    const ended = { revokedAtMs: nowMs, expiresAtMs: nowMs + REVOKED_TTL_MS };
    this.#change(host, (node) => ({ ...node, ...ended, endedAtMs: node.endedAtMs ?? nowMs, rev: node.rev + 1 }));
    return isKnown;
  }
  async readmit(host) {
    const partition = this.#of(host);
    if (partition.node?.revokedAtMs === void 0) return false;
    partition.node = void 0;
    return true;
  }
  #change(host, change) {
    const partition = this.#of(host);
    if (partition.node) partition.node = change(partition.node);
  }
  #of(host) {
    const known = this.#partitions.get(host);
    if (known) return known;
    const fresh = { node: void 0, deliveries: /* @__PURE__ */ new Map(), retired: /* @__PURE__ */ new Map(), pending: /* @__PURE__ */ new Map() };
    this.#partitions.set(host, fresh);
    return fresh;
  }
};
var nameOf3 = ({ priority, queryId }) => `${priority}#${queryId}`;
var sorted = (items) => [...items].sort(([a], [b]) => a < b ? -1 : 1).map(([, item]) => item);

// lib/core/ledger/merge.ts
var isNews2 = (known, { version: version2, versionStep }) => !known || known.version <= version2 - versionStep || known.version === version2 && known.handledVersion < version2;
function merged(known, heard) {
  const news = { ...heard, occurredAtMs: Math.min(heard.occurredAtMs, heard.receivedAtMs) };
  if (!known) return news;
  const named = new Set(news.containers.map(({ name }) => name));
  const untold2 = known.containers.filter(({ name }) => !named.has(name)).map((container) => news.stopped ? { ...container, lastStatus: "STOPPED" } : container);
  const before = new Map(known.containers.map((container) => [container.name, container]));
  const containers2 = [
    ...news.containers.map(
      (container) => ({ ...container, ...before.get(container.name), ...told(container) })
    ),
    ...untold2
  ];
  const ids = containers2.flatMap(({ runtimeId }) => runtimeId ?? []);
  return {
    ...news,
    containers: containers2,
    subjects: [.../* @__PURE__ */ new Set([...news.subjects, ...ids])],
    identity: { ...known.identity, ...news.identity },
    ...known.times || news.times ? { times: { ...known.times, ...news.times } } : {}
  };
}
var told = (container) => Object.fromEntries(Object.entries(container).filter(([, value]) => value !== void 0));

// lib/memory/ledger.ts
var MemoryLedger = class {
  #entries = /* @__PURE__ */ new Map();
  #again = [];
  /** Every record there is, in order of its first event. */
  get records() {
    return [...this.#entries.values()].map(recordOf);
  }
  record(workload) {
    const entry = this.#entries.get(workload);
    return entry && recordOf(entry);
  }
  async advance(news) {
    const { workload, receivedAtMs } = news;
    const known = this.#entries.get(workload);
    if (!isNews2(known && recordOf(known), news)) return void 0;
    const snapshot = merged(known?.snapshot, news);
    const before = known?.facts ?? firstFacts(snapshot);
    const firstReceivedAtMs = Math.min(before.firstReceivedAtMs, receivedAtMs);
    const facts = { ...before, firstReceivedAtMs, lastSignAtMs: receivedAtMs };
    const entry = { learned: {}, ...known, snapshot, facts };
    this.#entries.set(workload, entry);
    return recordOf(entry);
  }
  async handled(workload, version2, handling) {
    if (this.#entries.get(workload)?.snapshot.version !== version2) return false;
    this.#change(workload, () => ({ handledVersion: version2, handling }));
    return true;
  }
  async alsoAsked(workload, asked) {
    this.#change(workload, ({ alsoAsked }) => ({ alsoAsked: uniqueKeys([...alsoAsked, ...asked]) }));
  }
  async lastGasp(workload, asked) {
    this.#change(workload, ({ lastGasps }) => ({
      lastGasps: [...lastGasps.filter((one) => !isSame2(one, asked)), asked]
    }));
  }
  async foundHost(workload, host) {
    const entry = this.#entries.get(workload);
    if (entry) this.#entries.set(workload, { ...entry, foundHost: host });
  }
  async saw(workload, sighting) {
    const { live, postMortem, facts } = sighting;
    if (live.length + postMortem.length === 0) return void 0;
    const before = this.record(workload);
    const last = Object.entries(facts).filter(([id]) => postMortem.includes(id));
    this.#change(workload, (known) => ({
      seenLive: union(known.seenLive, live),
      seenPostMortem: union(known.seenPostMortem, postMortem),
      facts: { ...facts, ...known.facts, ...Object.fromEntries(last) },
      closed: union(known.closed, sighting.closes),
      ...known.firstAnswerAtMs === void 0 ? firstAnswer(sighting) : {}
    }));
    return before;
  }
  async troubled(workload, trouble, closes = []) {
    this.#change(workload, ({ troubles, closed }) => ({
      troubles: union(troubles, [trouble]),
      closed: union(closed, closes)
    }));
  }
  async closed(workload, queryIds) {
    this.#change(workload, ({ closed }) => ({ closed: union(closed, queryIds) }));
  }
  async delivered(workload, nowMs) {
    this.#change(workload, ({ deliveredAtMs }) => ({ deliveredAtMs: deliveredAtMs ?? nowMs }));
  }
  async identify(workload, learned, stays) {
    const entry = this.#entries.get(workload);
    if (entry) this.#entries.set(workload, { ...entry, learned, facts: { ...entry.facts, stays } });
  }
  async came() {
  }
  async left() {
  }
  async alive({ workload }, nowMs) {
    this.#change(workload, () => ({ lastSignAtMs: nowMs }));
  }
  async lookAgain(workload, atMs) {
    this.#again.push({ workload, atMs });
  }
  /** Those that are to be looked at again by now; afterwards they are so no more. */
  async *due(nowMs) {
    const due = this.#again.filter(({ atMs }) => atMs <= nowMs);
    if (due.length > 0) yield this.read(due.map(({ workload }) => workload));
    this.#again = this.#again.filter((one) => !due.includes(one));
  }
  async amend(workload, version2, containers2) {
    const entry = this.#entries.get(workload);
    if (entry?.snapshot.version !== version2) return;
    this.#entries.set(workload, { ...entry, snapshot: { ...entry.snapshot, containers: containers2 } });
  }
  async tell(workload, told2) {
    const entry = this.#entries.get(workload);
    const before = entry?.facts.told;
    if (!entry || before?.verdict === told2.verdict && before.reason === told2.reason) return false;
    this.#change(workload, () => ({ told: told2 }));
    return true;
  }
  async read(workloads) {
    return [...new Set(workloads)].flatMap((workload) => this.record(workload) ?? []);
  }
  /** Only a record that an event made is changed: an answer never brings one into being. */
  #change(workload, change) {
    const entry = workload === void 0 ? void 0 : this.#entries.get(workload);
    if (!entry) return;
    const facts = { ...entry.facts, ...change(entry.facts) };
    this.#entries.set(entry.snapshot.workload, { ...entry, facts });
  }
};
var firstFacts = ({ occurredAtMs: occurredAtMs2, receivedAtMs, toldBy }) => ({
  handledVersion: -1,
  seenLive: [],
  seenPostMortem: [],
  troubles: [],
  stays: {},
  alsoAsked: [],
  closed: [],
  lastGasps: [],
  facts: {},
  firstEventAtMs: occurredAtMs2,
  firstReceivedAtMs: receivedAtMs,
  firstToldBy: toldBy,
  lastSignAtMs: receivedAtMs
});
function recordOf({ snapshot, learned, foundHost, facts }) {
  const { handling } = facts;
  return {
    ...snapshot,
    ...facts,
    identity: { ...learned, ...snapshot.identity },
    stays: { ...facts.stays, ...handling?.stays },
    ...handling && { handling: { ...handling, host: handling.host ?? foundHost } }
  };
}
var union = (some, more) => [.../* @__PURE__ */ new Set([...some, ...more])].sort();
var isSame2 = (a, b) => a.set === b.set && a.atMs === b.atMs && a.queries === b.queries;

// lib/memory/log-book.ts
var MemoryLogBook = class {
  #batches = /* @__PURE__ */ new Map();
  async stored(host, logType, nowMs) {
    const batch = this.#batches.get(JSON.stringify([host, logType]));
    return batch && batch.untilMs > nowMs ? batch.marks : [];
  }
  async note(host, logType, marks, nowMs) {
    this.#batches.set(JSON.stringify([host, logType]), { marks, untilMs: nowMs + LOG_BOOK_KEEPS_MS });
  }
};

// lib/memory/nodes.ts
var MemoryAliases = class {
  #hosts = /* @__PURE__ */ new Map();
  async find(alias) {
    return this.#hosts.get(alias);
  }
  async hostOf(alias) {
    return this.#hosts.get(alias)?.host;
  }
  async learn(alias, host, nowMs = 0, toldBy = "agent") {
    this.#hosts.set(alias, { host, toldBy, sinceMs: nowMs });
  }
  async forget(alias, host) {
    if (this.#hosts.get(alias)?.host === host) this.#hosts.delete(alias);
  }
};
var MemoryDirectory = class {
  #lines = /* @__PURE__ */ new Map();
  /** Beside the entries, which the next note replaces. */
  #configHashes = /* @__PURE__ */ new Map();
  #now;
  constructor(now) {
    this.#now = now;
  }
  async note(entry, expiresAtMs) {
    this.#lines.set(entry.hostIdentifier, { entry, expiresAtMs });
  }
  async remove(host) {
    this.#lines.delete(host);
    this.#configHashes.delete(host);
  }
  async runs(host, configHash2) {
    if (this.#lines.has(host)) this.#configHashes.set(host, configHash2);
  }
  async tag(host, tags2) {
    const line = this.#lines.get(host);
    if (line) this.#lines.set(host, { ...line, entry: { ...line.entry, tags: tags2 } });
  }
  async page() {
    const lines = [...this.#lines.values()].filter(({ expiresAtMs }) => expiresAtMs > this.#now());
    return {
      entries: lines.map(({ entry }) => ({ ...entry, configHash: this.#configHashes.get(entry.hostIdentifier) }))
    };
  }
};

// lib/memory/progress.ts
var MemoryAnswerBook = class {
  #pages = /* @__PURE__ */ new Map();
  async claim(host, page, nowMs, untilMs) {
    const { marks, claimedUntilMs = 0 } = this.#of(host, page);
    if (claimedUntilMs > nowMs) return "busy";
    this.#set(host, page, { marks, claimedUntilMs: untilMs });
    return marks;
  }
  async stored(host, page, { marks, replaces }) {
    const before = replaces ? [] : this.#of(host, page).marks;
    this.#set(host, page, { marks: /* @__PURE__ */ new Set([...before, ...marks]) });
  }
  async release(host, page) {
    this.#set(host, page, { marks: this.#of(host, page).marks });
  }
  #of(host, page) {
    return this.#pages.get(`${host} ${page}`) ?? { marks: /* @__PURE__ */ new Set() };
  }
  #set(host, page, content) {
    this.#pages.set(`${host} ${page}`, content);
  }
};
var MemoryFanOuts = class {
  #secret;
  #places = /* @__PURE__ */ new Map();
  /** @param secret orders fan-outs: the same one, the same order */
  constructor(secret2 = "memory") {
    this.#secret = secret2;
  }
  async secret() {
    return this.#secret;
  }
  async resume(id, nowMs) {
    const place = this.#places.get(id);
    return place && place.untilMs > nowMs ? place.progress : { hosts: 0, done: false };
  }
  async save(id, progress, nowMs, keepMs = FAN_OUT_KEEPS_MS) {
    const untilMs = nowMs + keepMs;
    if ((this.#places.get(id)?.untilMs ?? 0) <= untilMs) this.#places.set(id, { progress, untilMs });
  }
};
var MemorySweepProgress = class {
  state = {};
  #heldUntilMs = 0;
  async begin(nowMs, untilMs) {
    if (this.#heldUntilMs > nowMs) return void 0;
    this.#heldUntilMs = untilMs;
    return this.state;
  }
  async end(untilMs, state) {
    if (this.#heldUntilMs !== untilMs) return;
    this.state = state;
    this.#heldUntilMs = 0;
  }
};

// lib/simulate/composition.ts
var ENROLL_SECRET = "a day is a life";
var NO_AGENT_AFTER_MS = 5 * 6e4;
var memoryStores = (now) => ({
  hosts: new MemoryHosts(),
  aliases: new MemoryAliases(),
  directory: new MemoryDirectory(now),
  ledger: new MemoryLedger(),
  book: new MemoryAnswerBook(),
  logBook: new MemoryLogBook(),
  fanOuts: new MemoryFanOuts(),
  findings: new MemoryFindings(),
  progress: new MemorySweepProgress()
});
function functionsOver(ports2, { policy, spend, now, report }) {
  const { hosts, aliases, directory, ledger, book, logBook, fanOuts, findings, progress, sink, inventory } = ports2;
  const shared = { ledger, queue: hosts, registry: hosts, aliases, directory, fanOuts, findings, policy, now, report };
  return {
    events: {
      ...shared,
      definitions: ports2.definitions,
      hosts: new ContainerHosts(aliases, ports2.lookup, now),
      tasks: inventory,
      instances: inventory,
      progress,
      nodes: new InstanceNodes(directory, aliases, now),
      spend,
      settled: new Settled(),
      noAgentAfterMs: NO_AGENT_AFTER_MS
    },
    api: new TlsApi({
      ...shared,
      book,
      logBook,
      sink,
      enrollSecrets: /* @__PURE__ */ new Map([["default", secret(ENROLL_SECRET)]]),
      nodeKeySecret: secret("a key of the simulated day"),
      sweepEveryMs: SWEEP_EVERY_MS
    })
  };
}
var lookupIn = (cluster) => ({
  instancesOf: async (clusterArn, arns) => {
    const { containerInstances } = cluster.describeContainerInstances({
      cluster: clusterArn,
      containerInstances: arns
    });
    return new Map(containerInstances.map(instanceOf2));
  }
});
var secret = (value) => ({ values: async () => [value], refreshed: async () => [value] });
function instanceOf2(described2) {
  const { containerInstanceArn, ec2InstanceId } = described2;
  return [String(containerInstanceArn), String(ec2InstanceId)];
}

// lib/simulate/world-inventory.ts
var WorldInventory = class {
  #cluster;
  #spend;
  constructor(cluster, spend) {
    this.#cluster = cluster;
    this.#spend = spend;
  }
  async *clusters() {
    await this.#take("ListClusters");
    yield* this.#cluster.listClusters().clusterArns;
  }
  async *tasks(cluster, desiredStatus, from2) {
    let next = from2;
    do {
      await this.#take("ListTasks");
      const page = this.#cluster.listTasks({ cluster, desiredStatus, ...next ? { nextToken: next } : {} });
      next = page.nextToken;
      yield { arns: page.taskArns, ...next ? { next } : {} };
    } while (next);
  }
  async describe(cluster, tasks) {
    await this.#take("DescribeTasks");
    return JSON.parse(JSON.stringify(this.#cluster.describeTasks({ cluster, tasks }).tasks));
  }
  async *instances() {
    const { Reservations } = this.#cluster.ec2.describeInstances();
    yield Reservations.flatMap(
      ({ Instances }) => Instances.map(({ InstanceId, State, LaunchTime, ImageId, PrivateIpAddress }) => ({
        instanceId: InstanceId,
        state: State.Name,
        launchedAtMs: LaunchTime.getTime(),
        imageId: ImageId,
        tags: {},
        addresses: PrivateIpAddress ? [PrivateIpAddress] : [],
        macs: []
      }))
    );
  }
  async #take(api) {
    await this.#spend.take("tasks");
    this.#spend.count(api, 1, "tasks");
  }
};

// lib/simulate/world/crew.ts
var SECOND_MS = 1e3;
var NETWORK = [
  "refuse",
  "drop-after-processing",
  "half-response",
  "stall",
  "duplicate"
];
var Crew = class {
  members = [];
  #options;
  #random;
  constructor(options) {
    this.#options = options;
    this.#random = options.random.fork("crew");
  }
  /** Starts an agent on a host under an identifier, with a database of its own. */
  join(host, hostIdentifier) {
    const { clock, random, trace, transport } = this.#options;
    const name = `agent ${this.members.length} ${hostIdentifier.slice(0, 14)}`;
    const agent = new SimulatedAgent({
      host,
      url: "https://world.invalid",
      enrollSecret: ENROLL_SECRET,
      hostIdentifier,
      clock,
      random: random.fork(name),
      transport: transport(name),
      queryDurationMs: () => 20,
      on: (event) => this.#heard(member, event)
    });
    const member = { name, host, agent, silentUntilMs: 0, retired: false, enrollments: 0, kept: [] };
    this.members.push(member);
    trace.say(name, () => `joins on ${host.instanceId} as ${hostIdentifier}`);
    agent.start();
    return member;
  }
  isSilent(name) {
    const member = this.members.find((one) => one.name === name);
    return member !== void 0 && member.silentUntilMs > this.#options.clock.now();
  }
  /** Lets one of the things happen that happen to agents. */
  async misfortune() {
    const random = this.#random;
    const active = this.members.filter(({ retired, host }) => !retired && !host.down);
    const [first, ...others] = active;
    if (!first) return;
    const member = random.pick([first, ...others]);
    const { agent } = member;
    const { clock, trace } = this.#options;
    const tell = (what) => trace.say(member.name, () => what);
    const kind = random.pick(["restart", "crash", "wipe", "silence", "network", "network", "rename", "clone"]);
    switch (kind) {
      case "restart":
        tell("is restarted");
        return agent.restart();
      case "crash":
        tell("is killed");
        return agent.crash();
      case "wipe":
        tell("loses its database");
        return agent.wipe();
      case "silence": {
        const ms = random.integer(20 * SECOND_MS, 240 * SECOND_MS);
        tell(`is cut off for ${Math.round(ms / SECOND_MS)} s`);
        member.silentUntilMs = clock.now() + ms;
        return;
      }
      case "network": {
        const fault = random.pick(NETWORK);
        const times = random.integer(1, 6);
        tell(`meets ${fault}, ${times} times`);
        return agent.faults.inject(fault, { times });
      }
      // Only this way: under the other name the instance's own would go on to be asked for as long as its node is known.
      case "rename":
        if (agent.hostIdentifier === member.host.instanceId) return;
        member.retired = true;
        await agent.stop();
        this.join(member.host, member.host.instanceId);
        return;
      case "clone":
        if (this.members.filter(({ host }) => host === member.host).length < 4)
          this.join(member.host, agent.hostIdentifier);
        return;
      default:
        return kind;
    }
  }
  /** The storm is over: networks work, and supervisors start what gave up. */
  heal() {
    for (const member of this.members) {
      member.silentUntilMs = 0;
      while (member.agent.faults.take("read") || member.agent.faults.take("write")) {
      }
      if (!member.retired) member.agent.start();
    }
  }
  async stop() {
    await Promise.all(this.members.map(({ agent }) => agent.stop()));
  }
  #heard(member, event) {
    const { calmFromMs, clock, trace, witness } = this.#options;
    trace.say(member.name, () => describe(event));
    if (event.kind === "enrolled" && clock.now() >= calmFromMs) member.enrollments++;
    if (event.kind === "results-kept") member.kept = event.ids;
    if (event.kind === "results-written" || event.kind === "crashed" || event.kind === "stopped") member.kept = [];
    const isAlone = this.members.filter(({ host }) => host === member.host).length === 1;
    witness.saw(member.name, member.host, event, isAlone);
  }
};
function describe(event) {
  const { kind, atMs: _, host: __, ...rest } = event;
  return `${kind} ${JSON.stringify(rest).slice(0, 300)}`;
}

// lib/simulate/world/event-queue.ts
var SECOND_MS2 = 1e3;
var VISIBILITY_MS = 90 * SECOND_MS2;
var TRIES = 5;
var EventQueue = class {
  counts = { sent: 0, lost: 0, doubled: 0, dead: 0 };
  #options;
  #rates;
  #random;
  constructor(options) {
    this.#options = options;
    const plan = options.random.fork("event rates");
    const rate = () => plan.chance(0.4) ? 0 : plan.between(0, 0.3);
    this.#rates = { lost: rate(), doubled: rate(), late: rate() };
    this.#random = options.random.fork("events");
  }
  emit = (event) => {
    const { counts } = this;
    const random = this.#random;
    const isStorm = this.#options.clock.now() < this.#options.calmFromMs;
    counts.sent++;
    const [isLost3, isTwice] = [random.chance(this.#rates.lost), random.chance(this.#rates.doubled)];
    const delays = [this.#delayMs(isStorm), this.#delayMs(isStorm)];
    if (isStorm && isLost3) {
      counts.lost++;
      return;
    }
    if (isStorm && isTwice) counts.doubled++;
    for (const delayMs of isStorm && isTwice ? delays : delays.slice(0, 1)) void this.#send(event, delayMs);
  };
  #delayMs(isStorm) {
    const soonMs = this.#random.integer(100, 2 * SECOND_MS2);
    const lateMs = this.#random.integer(0, 40 * SECOND_MS2);
    return soonMs + (this.#random.chance(this.#rates.late) && isStorm ? lateMs : 0);
  }
  async #send(event, delayMs) {
    const { clock, handle, trace } = this.#options;
    await clock.sleep(delayMs);
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        return await handle(event);
      } catch (error) {
        trace.say("event queue", () => `attempt ${attempt}: ${event["detail-type"]}: ${error}`);
        await clock.sleep(VISIBILITY_MS);
      }
    }
    this.counts.dead++;
  }
};

// lib/simulate/world/invocation.ts
var Died = class extends Error {
  name = "Died";
};
var Refused = class extends Error {
  name = "Refused";
};
var never = new Promise(() => {
});
var Invocation = class {
  name;
  /** Rejects with {@link Died} when the function is killed. */
  death;
  #isDead = false;
  #die = () => {
  };
  #processorFreeAtMs = 0;
  #deadlineMs;
  #clock;
  #weather;
  #trace;
  constructor(name, timeoutMs, { clock, weather, trace }) {
    this.name = name;
    this.#clock = clock;
    this.#weather = weather;
    this.#trace = trace;
    this.#deadlineMs = clock.now() + timeoutMs;
    this.death = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.death.catch(() => {
    });
  }
  get isDead() {
    return this.#isDead;
  }
  /** Until the function's timeout, in ms. */
  timeLeftMs() {
    return this.#deadlineMs - this.#clock.now();
  }
  /**
   * Makes a call, unless this is when something goes wrong.
   *
   * @param call `port.method`
   * @param items how much is asked of the port
   */
  async call(call, items, act) {
    if (this.#isDead) return never;
    const { fault, costMs } = this.#weather.next(call, items);
    if (costMs > 0) await this.#work(costMs);
    if (fault)
      this.#trace.say(this.name, () => `${call}: ${fault.kind}${fault.kind === "slow" ? ` ${fault.ms} ms` : ""}`);
    switch (fault?.kind) {
      case "die-before":
        return this.#kill(`killed before ${call}`);
      case "die-after":
        await act();
        return this.#kill(`killed after ${call}`);
      case "refuse":
        throw new Refused(`${call} was throttled`);
      case "lose-reply":
        await act();
        throw new Refused(`the reply to ${call} was lost`);
      case "slow":
        return this.#slowly(fault.ms, fault.first, act);
      case void 0: {
        const result = await act();
        return this.#isDead ? never : result;
      }
      default:
        return fault;
    }
  }
  /** The call takes its time, with the effect at its beginning or at its end; the timeout may end the function meanwhile. */
  async #slowly(ms, first, act) {
    const early = first ? await act() : void 0;
    await this.#pass(ms);
    return first ? early : act();
  }
  /** Takes time of the processor, of which there is one. */
  async #work(ms) {
    const nowMs = this.#clock.now();
    this.#processorFreeAtMs = Math.max(nowMs, this.#processorFreeAtMs) + ms;
    await this.#pass(this.#processorFreeAtMs - nowMs);
  }
  async #pass(ms) {
    const left = this.timeLeftMs();
    await this.#clock.sleep(Math.min(ms, Math.max(0, left)));
    if (this.#isDead) await never;
    if (ms >= left) await this.#kill("timed out");
  }
  #kill(reason) {
    this.#isDead = true;
    this.#trace.say(this.name, () => reason);
    this.#die(new Died(reason));
    return never;
  }
};
function through(port, name, current) {
  return new Proxy(port, {
    get(target, key) {
      const member = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      const call = `${name}.${String(key)}`;
      if (isGenerator(member)) return (...args) => paged(Reflect.apply(member, target, args), call, current);
      return (...args) => {
        const [first] = args;
        const items = Array.isArray(first) ? first.length : 1;
        return current().call(call, items, () => Reflect.apply(member, target, args));
      };
    }
  });
}
function throughAll(ports2, current) {
  return new Proxy(ports2, {
    get(target, name) {
      const port = Reflect.get(target, name, target);
      return typeof port === "object" && port !== null ? through(port, String(name), current) : port;
    }
  });
}
var isGenerator = (member) => Reflect.get(member, Symbol.toStringTag) === "AsyncGeneratorFunction";
async function* paged(pages, call, current) {
  const iterator = pages[Symbol.asyncIterator]();
  for (; ; ) {
    const step = await current().call(call, 1, () => iterator.next());
    if (step.done) return;
    yield step.value;
  }
}

// lib/core/policy/built-in.ts
var builtInPolicy = {
  heatSeconds: 300,
  ledgerKeepsSeconds: 7776e3,
  limits: {
    hostsPerTrigger: 500,
    pendingPerHost: 500,
    queriesPerDelivery: 3,
    spacingSeconds: 10
  },
  profiles: [
    {
      config: {
        decorators: {
          interval: {
            "600": [
              "SELECT substr(group_concat(DISTINCT key || '=' || value), 1, 1024) AS docker_image_labels FROM docker_container_labels WHERE key NOT LIKE 'com.amazonaws.ecs.%'",
              "SELECT substr(group_concat(DISTINCT id), 1, 1024) AS docker_image_hashes FROM docker_images"
            ]
          },
          load: [
            "SELECT uuid AS host_uuid, hostname, hardware_serial, sha256(uuid || hardware_serial) AS device_hash FROM system_info",
            "SELECT address AS ip FROM interface_addresses WHERE interface NOT IN ('lo', 'docker0') AND address LIKE '%.%' LIMIT 1",
            "SELECT group_concat(interface || '=' || mac, ' ') AS interfaces FROM interface_details WHERE interface NOT LIKE 'veth%' AND mac <> '00:00:00:00:00:00'",
            "SELECT m.instance_id, m.instance_type, m.ami_id, m.region, m.availability_zone, m.account_id FROM system_info s CROSS JOIN ec2_instance_metadata m WHERE s.hardware_vendor = 'Amazon EC2'",
            "SELECT substr(group_concat(t.key || '=' || t.value, ' '), 1, 1024) AS instance_tags FROM system_info s CROSS JOIN ec2_instance_tags t WHERE s.hardware_vendor = 'Amazon EC2'"
          ]
        },
        options: {
          disable_distributed: false,
          distributed_interval: 10,
          distributed_tls_max_attempts: 3,
          logger_min_status: 1,
          logger_snapshot_event_type: true,
          logger_tls_compress: true,
          logger_tls_max_lines: 256,
          logger_tls_max_linesize: 16384,
          logger_tls_period: 4,
          pack_delimiter: "/",
          schedule_splay_percent: 10
        },
        packs: {
          "container-events": {
            discovery: ["SELECT 1 FROM osquery_flags WHERE name = 'disable_audit' AND value = 'false'"],
            platform: "linux",
            queries: {
              container_starts: {
                interval: 30,
                query: "SELECT pid, path, cmdline, parent, uid, time FROM process_events                 WHERE path LIKE '%/runc' OR path LIKE '%/containerd-shim-runc-v2' OR path LIKE '%/docker'                 OR path LIKE '%/crio' OR path LIKE '%/conmon'",
                removed: false
              }
            }
          }
        },
        schedule: {
          osquery_health: {
            interval: 3600,
            query: "SELECT version, config_hash, config_valid, start_time FROM osquery_info",
            snapshot: true
          }
        }
      },
      name: "default"
    }
  ],
  rules: [
    {
      accelerateSeconds: 0,
      answers: "Which containers run on the node that just started one, however it was started?",
      expiresSeconds: 300,
      lastGasp: false,
      name: "docker-start-seen",
      on: {
        log: {
          action: ["added", "snapshot"],
          columns: {
            path: [
              {
                suffix: "/runc"
              },
              {
                suffix: "/containerd-shim-runc-v2"
              },
              {
                suffix: "/docker"
              }
            ]
          },
          query: "pack/container-events/container_starts"
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {},
          name: "containers",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers LIMIT 500"
        }
      ],
      target: "same-node"
    },
    {
      accelerateSeconds: 0,
      answers: "Which processes run in which pod's containers on the node that just started one?",
      expiresSeconds: 300,
      lastGasp: false,
      name: "kubernetes-start-seen",
      on: {
        log: {
          action: ["added", "snapshot"],
          columns: {
            path: [
              {
                suffix: "/containerd-shim-runc-v2"
              },
              {
                suffix: "/crio"
              },
              {
                suffix: "/conmon"
              }
            ]
          },
          query: "pack/container-events/container_starts"
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {},
          discovery: "SELECT 1 FROM processes WHERE name = 'kubelet'",
          name: "pod-processes",
          sql: "SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path LIKE '%kubepods%' AND start_time > CAST(strftime('%s', 'now') AS INTEGER) - 600 LIMIT 1000"
        }
      ],
      target: "same-node"
    },
    {
      accelerateSeconds: 0,
      answers: "Which processes belong to the control group of this container, on a node without Docker?",
      expiresSeconds: 600,
      lastGasp: false,
      name: "container-by-cgroup",
      on: {
        request: "container-by-cgroup"
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 2,
      queries: [
        {
          bind: {
            container: "detail.container"
          },
          name: "processes",
          sql: "SELECT pid, name, path, cmdline, uid, gid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000"
        }
      ],
      target: {
        host: "detail.host"
      }
    },
    {
      accelerateSeconds: 0,
      answers: "Which instance came up, from which image, under which role?",
      expiresSeconds: 3600,
      lastGasp: false,
      name: "ec2-launched",
      on: {
        event: {
          $or: [
            {
              detail: {
                state: ["running"]
              },
              "detail-type": ["EC2 Instance State-change Notification"],
              source: ["aws.ec2"]
            },
            {
              "detail-type": ["EC2 Instance Launch Successful"],
              source: ["aws.autoscaling"]
            }
          ]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 4,
      queries: [
        {
          bind: {},
          evidence: {
            column: "instance_id"
          },
          name: "instance",
          sql: "SELECT instance_id, instance_type, architecture, region, availability_zone, local_hostname, local_ipv4, mac, iam_arn, ami_id, account_id FROM ec2_instance_metadata"
        },
        {
          bind: {},
          name: "system",
          sql: "SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.cpu_brand, s.physical_memory, o.name AS os_name, o.version AS os_version, o.platform, o.arch FROM system_info s, os_version o LIMIT 1"
        }
      ],
      target: "ec2-instance"
    },
    {
      accelerateSeconds: 300,
      answers: "Which containers are these, from which images, running what, and what can they reach?",
      expiresSeconds: 600,
      lastGasp: false,
      name: "ecs-task-running",
      on: {
        event: {
          detail: {
            lastStatus: ["RUNNING"]
          },
          "detail-type": ["ECS Task State Change"],
          source: ["aws.ecs"]
        }
      },
      postMortem: [
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          evidence: {
            column: "id"
          },
          name: "container",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers)"
        },
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          name: "mounts",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, type, name, source, destination, mode, rw FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000"
        }
      ],
      postMortemExpiresSeconds: 10800,
      priority: 3,
      queries: [
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          evidence: {
            alive: {
              column: "state",
              oneOf: ["running", "paused", "restarting"]
            },
            column: "id"
          },
          name: "container",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers)"
        },
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          name: "processes",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000"
        },
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          name: "surroundings",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, 'mount' AS kind, type AS name, source AS host_side, destination AS container_side, CASE rw WHEN 1 THEN 'read-write' ELSE 'read-only' END AS detail FROM docker_container_mounts WHERE id IN (:containers) UNION ALL SELECT id, 'network', name, gateway, ip_address, mac_address FROM docker_container_networks WHERE id IN (:containers) UNION ALL SELECT c.id, 'socket', s.state, s.local_address || ':' || s.local_port, s.remote_address || ':' || s.remote_port, 'pid ' || s.pid FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 2000"
        }
      ],
      target: "ecs-task-host"
    },
    {
      accelerateSeconds: 60,
      answers: "Who enrolled, on what, with which addresses, and which instance is it?",
      expiresSeconds: 86400,
      lastGasp: false,
      name: "enrollment-identity",
      on: {
        enrollment: true
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 6,
      queries: [
        {
          bind: {},
          discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'",
          name: "ec2",
          sql: "SELECT instance_id, instance_type, ami_id, availability_zone, local_ipv4, mac, iam_arn, account_id FROM ec2_instance_metadata LIMIT 1"
        },
        {
          bind: {},
          name: "agent",
          sql: "SELECT uuid, instance_id, version, config_hash, config_valid, extensions, build_platform, start_time FROM osquery_info LIMIT 1"
        },
        {
          bind: {},
          name: "system",
          sql: "SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.hardware_serial, s.cpu_brand, s.physical_memory, o.name AS os_name, o.version AS os_version, o.platform, o.arch, k.version AS kernel FROM system_info s, os_version o, kernel_info k LIMIT 1"
        },
        {
          bind: {},
          name: "interfaces",
          sql: "SELECT d.interface, d.mac, a.address, a.mask FROM interface_details d LEFT JOIN interface_addresses a ON a.interface = d.interface WHERE d.interface <> 'lo' LIMIT 200"
        },
        {
          bind: {},
          name: "docker",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, server_version, containers_running, containers_stopped, images, storage_driver, cgroup_driver, root_dir FROM docker_info LIMIT 1"
        }
      ],
      target: "same-node"
    },
    {
      accelerateSeconds: 900,
      answers: "What runs on the host that GuardDuty names, whom does it talk to, and what would start again?",
      expiresSeconds: 1800,
      lastGasp: false,
      name: "guardduty-host",
      on: {
        event: {
          detail: {
            $or: [
              {
                resource: {
                  resourceType: ["Instance", "ECSCluster", "EKSCluster", "KubernetesCluster", "Container"]
                }
              },
              {
                resource: {
                  instanceDetails: {
                    instanceId: [
                      {
                        exists: true
                      }
                    ]
                  }
                }
              },
              {
                type: [
                  {
                    prefix: "AttackSequence:"
                  }
                ]
              }
            ],
            service: {
              archived: [
                false,
                {
                  exists: false
                }
              ]
            },
            severity: [
              {
                numeric: [">=", 4]
              }
            ]
          },
          "detail-type": ["GuardDuty Finding"],
          source: ["aws.guardduty"]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {},
          name: "connections",
          sql: "SELECT s.pid, p.name, p.path, p.cmdline, p.uid, p.parent, p.cgroup_path, s.state, s.local_address, s.local_port, s.remote_address, s.remote_port FROM process_open_sockets s JOIN processes p ON p.pid = s.pid WHERE s.remote_address NOT IN ('', '0.0.0.0', '::', '127.0.0.1', '::1') LIMIT 2000"
        },
        {
          bind: {},
          name: "unusual-processes",
          sql: "SELECT pid, name, path, cmdline, cwd, uid, parent, start_time, on_disk, cgroup_path FROM processes WHERE path LIKE '/tmp/%' OR path LIKE '/var/tmp/%' OR path LIKE '/dev/shm/%' OR path LIKE '%(deleted)' LIMIT 1000"
        },
        {
          bind: {},
          name: "persistence",
          platforms: ["linux", "darwin"],
          sql: "SELECT 'cron' AS kind, path, command FROM crontab UNION ALL SELECT 'key', key_file, comment FROM users JOIN authorized_keys USING (uid) LIMIT 1000"
        }
      ],
      target: "finding-host"
    },
    {
      accelerateSeconds: 300,
      answers: "What is the process that GuardDuty Runtime Monitoring names, and what has it open?",
      expiresSeconds: 900,
      lastGasp: false,
      name: "guardduty-process",
      on: {
        event: {
          detail: {
            service: {
              archived: [
                false,
                {
                  exists: false
                }
              ],
              runtimeDetails: {
                process: {
                  pid: [
                    {
                      numeric: [">", 0]
                    }
                  ]
                }
              }
            }
          },
          "detail-type": ["GuardDuty Finding"],
          source: ["aws.guardduty"]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            pid: "detail.service.runtimeDetails.process.pid",
            started: "not_null(detail.service.runtimeDetails.process.startTime, 'unknown')"
          },
          name: "process",
          sql: "SELECT pid, name, path, cmdline, cwd, root, uid, gid, euid, parent, start_time, cgroup_path, on_disk, abs(start_time - CAST(strftime('%s', :started) AS INTEGER)) <= 5 AS is_the_one FROM processes WHERE pid = :pid LIMIT 1"
        },
        {
          bind: {
            pid: "detail.service.runtimeDetails.process.pid"
          },
          name: "open-files",
          platforms: ["linux", "darwin"],
          sql: "SELECT pid, 'file' AS kind, path AS what, NULL AS remote FROM process_open_files WHERE pid = :pid UNION ALL SELECT pid, 'socket', local_address || ':' || local_port, remote_address || ':' || remote_port FROM process_open_sockets WHERE pid = :pid AND family IN (2, 10) LIMIT 2000"
        },
        {
          bind: {
            pid: "detail.service.runtimeDetails.process.pid"
          },
          name: "binary",
          sql: "SELECT p.pid, p.path, h.sha256 FROM processes p JOIN hash h ON h.path = '/proc/' || p.pid || '/exe' WHERE p.pid = :pid LIMIT 1"
        }
      ],
      target: "finding-host"
    },
    {
      accelerateSeconds: 300,
      answers: "What are the containers that GuardDuty names, from which images, and what runs in them?",
      expiresSeconds: 1800,
      lastGasp: false,
      name: "guardduty-container",
      on: {
        event: {
          detail: {
            $or: [
              {
                resource: {
                  containerDetails: {
                    id: [
                      {
                        exists: true
                      }
                    ]
                  }
                }
              },
              {
                resource: {
                  ecsClusterDetails: {
                    taskDetails: {
                      containers: {
                        id: [
                          {
                            exists: true
                          }
                        ]
                      }
                    }
                  }
                }
              }
            ],
            service: {
              archived: [
                false,
                {
                  exists: false
                }
              ]
            }
          },
          "detail-type": ["GuardDuty Finding"],
          source: ["aws.guardduty"]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            containers: "[detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id][]"
          },
          name: "container",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (:containers) LIMIT 500"
        },
        {
          bind: {
            containers: "[detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id][]"
          },
          name: "mounts",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, type, name, source, destination, mode, rw FROM docker_container_mounts WHERE id IN (:containers) LIMIT 1000"
        },
        {
          bind: {
            container: "not_null(detail.resource.containerDetails.id, detail.resource.ecsClusterDetails.taskDetails.containers[].id | [0])"
          },
          name: "processes",
          sql: "SELECT pid, name, path, cmdline, cwd, uid, gid, parent, start_time, on_disk, cgroup_path FROM processes WHERE cgroup_path LIKE '%' || :container || '%' LIMIT 1000"
        }
      ],
      target: "finding-host"
    },
    {
      accelerateSeconds: 120,
      answers: "What do the task's containers run, and whom do they talk to, now that they are told to stop?",
      expiresSeconds: 120,
      lastGasp: true,
      name: "ecs-task-last-gasp",
      on: {
        event: {
          detail: {
            desiredStatus: ["STOPPED"],
            lastStatus: ["RUNNING"]
          },
          "detail-type": ["ECS Task State Change"],
          source: ["aws.ecs"]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          evidence: {
            alive: {
              column: "state",
              oneOf: ["running", "paused", "restarting"]
            },
            column: "id"
          },
          name: "container",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, state, status, pid, started_at, finished_at, privileged FROM docker_containers WHERE id IN (:containers)"
        },
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          name: "processes",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user FROM docker_container_processes WHERE id IN (:containers) LIMIT 1000"
        },
        {
          bind: {
            containers: "detail.containers[].runtimeId"
          },
          name: "sockets",
          platforms: ["linux", "darwin"],
          sql: "SELECT c.id, s.pid, s.state, s.protocol, s.local_address, s.local_port, s.remote_address, s.remote_port FROM docker_containers c CROSS JOIN process_open_sockets s ON s.pid = c.pid WHERE c.id IN (:containers) AND s.family IN (2, 10) LIMIT 1000"
        }
      ],
      target: "ecs-task-host"
    },
    {
      accelerateSeconds: 120,
      answers: "What runs on the instance that is about to be taken away, and who is logged in?",
      expiresSeconds: 120,
      lastGasp: true,
      name: "ec2-last-gasp",
      on: {
        event: {
          $or: [
            {
              "detail-type": ["EC2 Spot Instance Interruption Warning", "EC2 Instance Rebalance Recommendation"],
              source: ["aws.ec2"]
            },
            {
              "detail-type": ["EC2 Instance-terminate Lifecycle Action"],
              source: ["aws.autoscaling"]
            }
          ]
        }
      },
      postMortem: [],
      postMortemExpiresSeconds: 10800,
      priority: 0,
      queries: [
        {
          bind: {},
          evidence: {
            column: "instance_id"
          },
          name: "instance",
          sql: "SELECT m.instance_id, m.instance_type, m.ami_id, m.availability_zone, m.local_ipv4, u.total_seconds AS uptime FROM ec2_instance_metadata m, uptime u"
        },
        {
          bind: {},
          name: "containers",
          platforms: ["linux", "darwin"],
          sql: "SELECT id, name, image, image_id, command, state, status, pid, started_at FROM docker_containers LIMIT 500"
        },
        {
          bind: {},
          name: "processes",
          sql: "SELECT pid, name, path, cmdline, uid, parent, start_time, cgroup_path FROM processes WHERE cgroup_path <> '/' LIMIT 2000"
        },
        {
          bind: {},
          name: "people",
          sql: "SELECT type, user, tty, host, time, pid FROM logged_in_users LIMIT 200"
        }
      ],
      target: "ec2-instance"
    }
  ]
};

// lib/core/policy/live-policy.ts
function livePolicy(versions) {
  let compiled;
  return async () => {
    const { digest: digest3, policy } = await versions.get();
    if (compiled?.digest !== digest3) compiled = { digest: digest3, policy: compiledPolicy(policy) };
    return compiled.policy;
  };
}

// lib/core/policy/policy-version.ts
import { createHash as createHash14 } from "node:crypto";

// lib/core/policy/canonical.ts
function canonical(value) {
  return sorted2(value);
}
function sorted2(value) {
  if (Array.isArray(value)) return value.map(sorted2);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== void 0);
  return Object.fromEntries(entries.sort(([a], [b]) => a < b ? -1 : 1).map(([key, member]) => [key, sorted2(member)]));
}

// lib/core/policy/policy-version.ts
var versionAfter = (expected, draft) => ({
  ...draft,
  version: expected + 1,
  digest: digestOf(draft.policy)
});
function digestOf(policy) {
  return createHash14("sha256").update(JSON.stringify(canonical(policy))).digest("hex");
}

// lib/core/policy/policy-cache.ts
var FRESH_MS3 = 3e4;
var RETRY_MS = 5e3;
var PolicyCache = class {
  #deps;
  #held;
  #freshUntilMs = Number.NEGATIVE_INFINITY;
  #looking;
  #failing = false;
  constructor(deps) {
    this.#deps = deps;
  }
  /**
   * The live version, at most 30 s old; while the table cannot be read, the one before.
   *
   * @throws what the table said, while no version is known yet: nobody can tell what is live
   */
  async get() {
    if (this.#held && this.#deps.now() < this.#freshUntilMs) return this.#held;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = void 0;
    });
    return this.#looking;
  }
  async #look() {
    const { now, report } = this.#deps;
    const startedAtMs = now();
    try {
      const before = this.#held;
      const held = await this.#latest(before);
      this.#held = held;
      this.#freshUntilMs = startedAtMs + FRESH_MS3;
      this.#failing = false;
      if (held !== before) report("policy_loaded", { version: held.version, digest: held.digest });
      return held;
    } catch (error) {
      if (!this.#held) throw error;
      this.#freshUntilMs = now() + RETRY_MS;
      if (!this.#failing) {
        report("policy_refresh_failed", { version: this.#held.version, error: String(error) });
      }
      this.#failing = true;
      return this.#held;
    }
  }
  async #latest(held) {
    const { store } = this.#deps;
    const number2 = await store.liveNumber();
    if (held && number2 <= held.version) return held;
    if (number2 === 0) return this.#seed();
    const version2 = await store.version(number2);
    if (!version2) throw new Error(`version ${number2} of the policy is live and missing`);
    return version2;
  }
  /** Version 1 for an empty table; of several functions that start at once one writes it, all go on with what is there. */
  async #seed() {
    const { store, builtIn, now } = this.#deps;
    const first = versionAfter(0, {
      ...builtIn,
      message: "The default policy",
      pushedBy: "mayfly",
      pushedAtMs: now()
    });
    if (await store.push(first, 0)) return first;
    const theirs = await store.current();
    if (!theirs) throw new Error("there is a live policy, and it cannot be read");
    return theirs;
  }
};

// lib/simulate/world/lambda.ts
var SimulatedLambda = class {
  counts = { invocations: 0, deaths: 0, environments: 0 };
  #options;
  #idle = [];
  constructor(options) {
    this.#options = options;
  }
  /**
   * Runs a function once.
   *
   * @throws {Died} when it was killed, and whatever it throws itself
   */
  async invoke(name, timeoutMs, work2) {
    const environment = this.#idle.pop() ?? this.#coldStart();
    const invocation = new Invocation(name, timeoutMs, this.#options);
    environment.invocation = invocation;
    this.counts.invocations++;
    try {
      return await Promise.race([work2(environment.functions, invocation), invocation.death]);
    } finally {
      if (invocation.isDead) this.counts.deaths++;
      else this.#idle.push(environment);
    }
  }
  #coldStart() {
    const { clock, policies, ports: ports2, report } = this.#options;
    this.counts.environments++;
    const current = () => {
      if (!environment.invocation) throw new Error("a port was called before any invocation");
      return environment.invocation;
    };
    const now = () => clock.now();
    const spend = new Spend(now, (ms) => clock.sleep(ms));
    const faulty = throughAll(ports2(spend), current);
    const store = through(policies, "policies", current);
    const policy = livePolicy(new PolicyCache({ store, builtIn: { policy: builtInPolicy, sources: {} }, now, report }));
    const environment = {
      functions: functionsOver(faulty, { policy, spend, now, report }),
      invocation: void 0
    };
    return environment;
  }
};

// lib/simulate/world/sink.ts
var WorldSink = class {
  /** Rows and log lines as text → ids under which they were stored. */
  rows = /* @__PURE__ */ new Map();
  lines = /* @__PURE__ */ new Map();
  quarantined = [];
  /** Lines taken, copies included. */
  taken = 0;
  async results(lines) {
    this.taken += lines.length;
    for (const { id, columns: columns2 } of lines) if (columns2) note(this.rows, JSON.stringify(columns2), id);
  }
  async logs(lines) {
    this.taken += lines.length;
    for (const { id, line } of lines) note(this.lines, JSON.stringify(line), id);
  }
  async quarantine(lines) {
    this.quarantined.push(...lines);
  }
};
function note(ids, text2, id) {
  const known = ids.get(text2);
  if (known) known.add(id);
  else ids.set(text2, /* @__PURE__ */ new Set([id]));
}

// lib/simulate/world/trace.ts
var Trace = class {
  lines = [];
  #clock;
  #isOn;
  #startMs;
  constructor(clock, isOn) {
    this.#clock = clock;
    this.#isOn = isOn;
    this.#startMs = clock.now();
  }
  say(who, what) {
    if (this.#isOn) this.lines.push(`${this.at(this.#clock.now())}  ${who.padEnd(24)} ${what()}`);
  }
  /** An instant as minutes, seconds and ms since the world began. */
  at(atMs) {
    const ms = atMs - this.#startMs;
    const digits = (value, width) => String(Math.floor(value)).padStart(width, "0");
    return `${digits(ms / 6e4, 2)}:${digits(ms / 1e3 % 60, 2)}.${digits(ms % 1e3, 3)}`;
  }
};

// lib/simulate/world/weather.ts
var SECOND_MS3 = 1e3;
var LINES_A_CALL = 4;
var KEYS_A_CALL = 20;
var DELUGE_MS = 150 * SECOND_MS3;
var KINDS = ["die-before", "die-after", "refuse", "lose-reply", "slow"];
var Weather = class {
  /** How often each fault has struck. */
  struck = {};
  #random;
  #clock;
  #rates;
  #outages;
  /** What each call takes of the processor, in ms, while the machine is busy; of a small one for ever. */
  #busyMs;
  #isSmall;
  #calmFromMs;
  /**
   * @param deluge where all functions run on a small machine for ever: when its backlog begins, to be followed by an outage
   *   of the sink
   */
  constructor(clock, random, stormMs, deluge) {
    this.#clock = clock;
    this.#random = random.fork("faults");
    const plan = random.fork("weather");
    const fromMs = clock.now();
    this.#calmFromMs = fromMs + stormMs;
    const rate = () => plan.chance(0.4) ? 0 : 10 ** plan.between(-3.5, -1.7);
    this.#rates = {
      "die-before": rate(),
      "die-after": rate(),
      refuse: rate(),
      "lose-reply": rate(),
      slow: rate()
    };
    this.#isSmall = deluge !== void 0;
    if (deluge) this.#busyMs = plan.integer(60, 120);
    else this.#busyMs = plan.chance(0.15) ? Math.round(10 ** plan.between(1.3, 2.5)) : 0;
    const outage = (port, longestMs) => {
      const startMs = fromMs + plan.integer(0, stormMs);
      return { port, fromMs: startMs, untilMs: startMs + plan.integer(5 * SECOND_MS3, longestMs) };
    };
    this.#outages = [
      ...deluge ? [{ port: /^sink\./, fromMs: deluge.atMs, untilMs: deluge.atMs + DELUGE_MS }] : [],
      ...plan.chance(0.5) ? [outage(/^sink\./, 180 * SECOND_MS3)] : [],
      ...plan.chance(0.25) ? [outage(/^(hosts|ledger|book)\./, 60 * SECOND_MS3)] : [],
      ...plan.chance(0.2) ? [outage(/^(lookup|inventory)\./, 120 * SECOND_MS3)] : []
    ];
  }
  /** What the next call meets. */
  next(call, items) {
    const nowMs = this.#clock.now();
    const isCalm = nowMs >= this.#calmFromMs;
    const fault = isCalm ? void 0 : this.#fault(call, nowMs);
    if (isCalm && !this.#isSmall) return { costMs: 0 };
    if (fault) this.struck[fault.kind] = (this.struck[fault.kind] ?? 0) + 1;
    return {
      fault,
      costMs: Math.round(this.#busyMs * Math.max(1, items / (call.startsWith("sink.") ? LINES_A_CALL : KEYS_A_CALL)))
    };
  }
  #fault(call, nowMs) {
    if (this.#outages.some(({ port, fromMs, untilMs }) => port.test(call) && nowMs >= fromMs && nowMs < untilMs))
      return { kind: "refuse" };
    let chance = this.#random.next();
    for (const kind of KINDS) {
      chance -= this.#rates[kind];
      if (chance >= 0) continue;
      if (kind !== "slow") return { kind };
      return { kind, ms: Math.round(10 ** this.#random.between(1.5, 4.4)), first: this.#random.chance(0.5) };
    }
    return void 0;
  }
};

// lib/simulate/world/world-policy.ts
var HEAVY = "heavy";
var HEAVY_BYTES = 32e4;
var FRONT_LIMIT_BYTES = 3e5;
var AFTER_END = "1 AS after_end";
var isLiveProof = (sql) => /^SELECT id, name, image\b.* FROM docker_containers WHERE id IN \(/.test(sql) && !sql.includes(AFTER_END);
var questionOf = (n2, host, nowMs) => ({
  queryId: `deluge ${host} ${n2}`,
  host,
  priority: 5,
  rule: "deluge",
  query: `question-${n2}`,
  set: "request",
  sql: `SELECT ${n2} AS question, unix_time FROM time`,
  bindings: {},
  subjects: [],
  decorations: {},
  subjectDecorations: {},
  triggeredAtMs: nowMs,
  receivedAtMs: nowMs,
  queuedAtMs: nowMs,
  expiresAtMs: nowMs + 36e5
});
var heavyRule = {
  name: "heavy",
  answers: "What does not fit through the front?",
  on: { event: { source: ["aws.ecs"], detail: { lastStatus: ["RUNNING"], group: [`family:${HEAVY}`] } } },
  target: "ecs-task-host",
  priority: 3,
  lastGasp: false,
  expiresSeconds: 600,
  accelerateSeconds: 300,
  queries: [
    {
      name: "weight",
      sql: `SELECT id, hex(zeroblob(${HEAVY_BYTES / 2})) AS weight FROM docker_containers WHERE id IN (:containers)`,
      bind: { containers: "detail.containers[].runtimeId" }
    }
  ],
  postMortem: [],
  postMortemExpiresSeconds: 600
};
var worldPolicy = (queriesPerDelivery) => versionAfter(0, {
  policy: {
    ...builtInPolicy,
    limits: { ...builtInPolicy.limits, queriesPerDelivery },
    rules: [
      ...builtInPolicy.rules.map((rule) => ({
        ...rule,
        postMortem: rule.postMortem.map((query) => ({
          ...query,
          sql: query.sql.replace("SELECT id", `SELECT id, ${AFTER_END}`)
        }))
      })),
      heavyRule
    ],
    profiles: [
      {
        name: "default",
        config: {
          options: {
            disable_distributed: false,
            distributed_interval: 10,
            logger_tls_period: 10,
            logger_min_status: 1
          },
          schedule: { pulse: { query: "SELECT unix_time FROM time", interval: 60, snapshot: true } }
        }
      }
    ]
  },
  sources: {},
  message: "the policy of a world",
  pushedBy: "a seed",
  pushedAtMs: 0
});

// lib/simulate/world/witness.ts
var Witness = class {
  /** Containers that some agent saw alive. */
  #alive = /* @__PURE__ */ new Set();
  /** Proofs that the server has taken, or that no crash of an agent explains the loss of. */
  #owed = [];
  #holdings = /* @__PURE__ */ new Map();
  #options;
  counts = { answers: 0, lines: 0, proofs: 0 };
  constructor(options) {
    this.#options = options;
  }
  /**
   * An agent's own word on what it did.
   *
   * @param isAlone whether no other agent shares its identifier
   */
  saw(agent, host, event, isAlone) {
    const { held, dropped } = this.#of(agent);
    switch (event.kind) {
      case "query-executed": {
        const before = held.get(event.id);
        if (before && isAlone) this.#owed.push({ proof: before, why: `an offer of ${event.id} again destroyed it` });
        if (!isLiveProof(event.sql) || event.message !== "") return void held.delete(event.id);
        const containers2 = host.running().flatMap(({ id }) => event.sql.includes(id) ? [id] : []);
        for (const id of containers2) this.#alive.add(id);
        held.set(event.id, { id: event.id, containers: containers2 });
        return;
      }
      case "results-written":
        for (const id of event.ids) {
          const proof = held.get(id);
          if (proof && !dropped.delete(id) && isAlone) this.#owed.push({ proof, why: `${id} was acknowledged` });
          held.delete(id);
        }
        return;
      case "crashed":
      case "stopped":
      case "exited":
      case "wiped":
        held.clear();
        return;
      default:
    }
  }
  /** What the front itself answered to a body that is too large: the agent deletes what it held. */
  droppedAtFront(agent, request) {
    const { queries } = JSON.parse(Buffer.from(request.body).toString());
    for (const id of Object.keys(queries ?? {})) this.#of(agent).dropped.add(id);
  }
  /** A reply that lets the agent delete what it sent: all of it must be stored by now. */
  answered(request, response2) {
    const isLog = request.url.endsWith("/log");
    if (!(isLog || request.url.endsWith("/distributed/write")) || !isAcceptance(response2)) return;
    const body = JSON.parse(Buffer.from(request.body).toString());
    const { sink, violate } = this.#options;
    for (const line of body.data ?? []) {
      this.counts.lines++;
      if (!sink.lines.has(JSON.stringify(line)))
        violate(`a log line was acknowledged and not stored: ${JSON.stringify(line)}`);
    }
    for (const [id, rows] of Object.entries(body.queries ?? {})) {
      this.counts.answers++;
      for (const row of rows)
        if (!sink.rows.has(JSON.stringify(row)))
          violate(`a row of ${id} was acknowledged and not stored: ${JSON.stringify(row).slice(0, 200)}`);
    }
  }
  /** Whether the ledger knows everything that was proved, and nothing that was not. */
  check() {
    const { ledger, violate } = this.#options;
    const seen = new Map(ledger.records.flatMap((record2) => record2.subjects.map((id) => [id, record2])));
    for (const { proof, why } of this.#owed) {
      for (const container of proof.containers) {
        this.counts.proofs++;
        const record2 = seen.get(container);
        if (record2 && !record2.seenLive.includes(container))
          violate(
            `${why}, and proved container ${container.slice(0, 12)} of ${record2.workload} alive: the ledger does not know`
          );
      }
    }
    for (const record2 of ledger.records) {
      if (record2.kind !== "ecs-task") continue;
      for (const id of record2.seenLive)
        if (!this.#alive.has(id))
          violate(`${record2.workload} counts as seen by container ${id.slice(0, 12)}, which no agent saw`);
    }
  }
  #of(agent) {
    const known = this.#holdings.get(agent);
    if (known) return known;
    const fresh = { held: /* @__PURE__ */ new Map(), dropped: /* @__PURE__ */ new Set() };
    this.#holdings.set(agent, fresh);
    return fresh;
  }
};
function isAcceptance({ body }) {
  const text2 = Buffer.from(body).toString();
  if (text2 === "") return true;
  try {
    const document2 = JSON.parse(text2);
    const { error, node_invalid } = Object(document2);
    return error === void 0 && node_invalid !== true;
  } catch {
    return false;
  }
}

// lib/simulate/world/world.ts
var EPOCH_MS = Date.UTC(2026, 10, 20);
var SECOND_MS4 = 1e3;
var MINUTE_MS3 = 60 * SECOND_MS4;
var API_TIMEOUT_MS = 15 * SECOND_MS4;
var EVENT_TIMEOUT_MS = 60 * SECOND_MS4;
var SWEEP_MS = 45 * SECOND_MS4;
var HEALED_AFTER_MS = 5 * MINUTE_MS3;
var PROBE_LIFETIME_MS = 100 * SECOND_MS4;
var CALM_MS = 4 * MINUTE_MS3;
var DRAINED_WITHIN_MS = 90 * SECOND_MS4;
var SILENT_MS = 6 * MINUTE_MS3;
var MOST_ENROLLMENTS = 3;
async function runWorld(seed, { trace = false } = {}) {
  const world = new World(seed, trace);
  return world.run();
}
var World = class {
  #seed;
  #random;
  #clock = new VirtualClock(EPOCH_MS);
  #trace;
  #violations = [];
  #stores;
  #sink = new WorldSink();
  #weather;
  #witness;
  #queue;
  #lambda;
  #crew;
  #hosts;
  #cluster;
  #stormMs;
  /** A backlog of questions for one host, on a machine that is small and stays so. */
  #deluge;
  #tasks = [];
  #probes = [];
  #seen = /* @__PURE__ */ new Set();
  constructor(seed, isTraced) {
    this.#seed = seed;
    const random = new Random(`world ${seed}`);
    this.#random = random;
    const clock = this.#clock;
    const now = () => clock.now();
    const plan = random.fork("plan");
    this.#stormMs = Math.round(plan.integer(2 * 60, 7 * 60) * SECOND_MS4);
    const calmFromMs = EPOCH_MS + this.#stormMs;
    this.#trace = new Trace(clock, isTraced);
    const trace = this.#trace;
    this.#stores = memoryStores(now);
    const isDeluge = plan.chance(0.06);
    this.#deluge = isDeluge ? { atMs: EPOCH_MS + plan.integer(60 * SECOND_MS4, 120 * SECOND_MS4), questions: plan.integer(900, 1200) } : void 0;
    this.#weather = new Weather(clock, random, this.#stormMs, this.#deluge);
    const { ledger } = this.#stores;
    this.#witness = new Witness({ ledger, sink: this.#sink, violate: (what) => this.#violate(what) });
    this.#queue = new EventQueue({
      clock,
      random,
      trace,
      calmFromMs,
      handle: (event) => this.#lambda.invoke("event function", EVENT_TIMEOUT_MS, async ({ events }) => {
        const outcome = await handleEvent(parseEvent(JSON.parse(JSON.stringify(event))), events);
        trace.say(
          "event function",
          () => `${event["detail-type"]} ${JSON.stringify(event.detail).slice(0, 160)}: ${outcome}`
        );
      })
    });
    this.#hosts = Array.from(
      { length: plan.integer(1, 3) },
      (_, index) => new SimulatedHost({ clock, random: random.fork(`host ${index}`) })
    );
    this.#cluster = new SimulatedCluster({
      hosts: this.#hosts,
      clock,
      random: random.fork("cluster"),
      emit: this.#queue.emit
    });
    const policies = new MemoryPolicyStore();
    void policies.push(worldPolicy(this.#deluge ? 300 : 3), 0);
    this.#lambda = new SimulatedLambda({
      clock,
      weather: this.#weather,
      trace,
      policies,
      report: (event, fields) => this.#reported(event, fields),
      ports: (spend) => ({
        ...this.#stores,
        sink: this.#sink,
        lookup: lookupIn(this.#cluster),
        definitions: noTaskDefinitions,
        inventory: new WorldInventory(this.#cluster, spend)
      })
    });
    const transport = (name) => this.#front(name);
    this.#crew = new Crew({ clock, random, trace, witness: this.#witness, calmFromMs, transport });
  }
  async run() {
    const clock = this.#clock;
    const plan = this.#random.fork("course");
    const registered = this.#cluster.registerHosts();
    for (const host of this.#hosts) void this.#arrive(host, plan.integer(0, 30 * SECOND_MS4), plan.chance(0.3));
    const sweeping = new AbortController();
    void this.#sweepUntil(sweeping.signal);
    await this.#storm(plan);
    await registered;
    this.#trace.say("world", () => "the storm is over");
    this.#crew.heal();
    await this.#pass(HEALED_AFTER_MS);
    for (const host of this.#hosts) if (!host.down) this.#probe(host, plan);
    await this.#pass(CALM_MS);
    await this.#check();
    sweeping.abort();
    await this.#crew.stop();
    await this.#cluster.stop();
    return {
      seed: this.#seed,
      violations: this.#violations,
      trace: this.#trace.lines,
      counts: this.#counts(clock.now())
    };
  }
  /** Tasks come and go while things go wrong. */
  async #storm(plan) {
    const tasks = plan.integer(2, 12);
    const misfortunes = plan.chance(0.3) ? 0 : plan.integer(1, 5);
    const burst = plan.chance(0.2) ? plan.integer(10, 25) : 0;
    const moments = [
      ...Array.from({ length: tasks }, () => ({
        atMs: plan.integer(10 * SECOND_MS4, this.#stormMs),
        act: () => this.#start(plan)
      })),
      ...Array.from({ length: misfortunes }, () => ({
        atMs: plan.integer(30 * SECOND_MS4, this.#stormMs),
        act: () => void this.#crew.misfortune()
      }))
    ];
    const burstAtMs = plan.integer(20 * SECOND_MS4, this.#stormMs);
    for (let n2 = 0; n2 < burst; n2++) moments.push({ atMs: burstAtMs + 10 * n2, act: () => this.#start(plan) });
    if (plan.chance(0.15)) {
      const host = plan.pick(this.#hosts);
      moments.push({
        atMs: plan.integer(0.3 * this.#stormMs, this.#stormMs),
        act: () => void this.#cluster.terminateHost(host)
      });
    }
    const deluge = this.#deluge;
    if (deluge) moments.push({ atMs: deluge.atMs - EPOCH_MS, act: () => void this.#flood(deluge.questions, plan) });
    for (const { atMs, act } of moments.sort((a, b) => a.atMs - b.atMs)) {
      await this.#pass(EPOCH_MS + atMs - this.#clock.now());
      act();
    }
    await this.#pass(EPOCH_MS + this.#stormMs - this.#clock.now());
  }
  /** Many questions wait at once for one agent. */
  async #flood(questions2, plan) {
    const [first, ...others] = this.#crew.members.filter(({ retired }) => !retired);
    if (!first) return;
    const { hostIdentifier } = plan.pick([first, ...others]).agent;
    this.#trace.say("world", () => `${questions2} questions wait for ${hostIdentifier}`);
    for (let n2 = 0; n2 < questions2; n2++)
      await this.#stores.hosts.enqueue(questionOf(n2, hostIdentifier, this.#clock.now()));
  }
  async #arrive(host, afterMs, byHostname) {
    await this.#clock.sleep(afterMs);
    if (!host.down) this.#crew.join(host, byHostname ? host.hostname : host.instanceId);
  }
  #start(plan) {
    const lifetimeMs = Math.round(10 ** plan.between(3.3, 5.5));
    const family = plan.chance(0.12) ? HEAVY : plan.pick(["api", "batch", "cron"]);
    const sidecar = plan.chance(0.25) ? [{ name: "sidecar", image: "sidecar:1", lifetimeMs: null, essential: false }] : [];
    this.#run(this.#tasks, { family, containers: [{ name: family, image: `${family}:1`, lifetimeMs }, ...sidecar] });
  }
  /** A task of the calm: nothing excuses that it is not seen. */
  #probe(host, plan) {
    const family = plan.chance(0.3) ? HEAVY : "probe";
    const containers2 = [{ name: family, image: `${family}:1`, lifetimeMs: PROBE_LIFETIME_MS }];
    this.#run(this.#probes, { family, containers: containers2, host });
  }
  #run(into, task) {
    try {
      const handle = this.#cluster.runTask(task);
      into.push(handle);
      this.#trace.say("cluster", () => `starts ${handle.arn} on ${handle.host.instanceId}`);
    } catch (error) {
      if (!String(error).includes("RESOURCE")) throw error;
    }
  }
  /** Lets time pass, and looks at every verdict once a minute. */
  async #pass(ms) {
    for (let left = ms; left > 0; left -= MINUTE_MS3) {
      await this.#clock.advance(Math.min(left, MINUTE_MS3));
      for (const record2 of this.#stores.ledger.records) {
        const { verdict } = verdictOf(record2, this.#clock.now());
        if (verdict === "seen") this.#seen.add(record2.workload);
        else if (this.#seen.has(record2.workload)) this.#violate(`${record2.workload} was seen and is ${verdict} now`);
      }
    }
  }
  async #sweepUntil(signal) {
    const place = placeOf(this.#cluster.arn);
    while (!signal.aborted) {
      await this.#clock.sleep(MINUTE_MS3);
      if (signal.aborted) return;
      await this.#lambda.invoke("reconciler", MINUTE_MS3, ({ events }) => sweep(events, place, this.#clock.now() + SWEEP_MS)).catch((error) => this.#trace.say("reconciler", () => String(error)));
    }
  }
  /** The API's front: it refuses what is too large by itself, and says so in a way that agents take for acceptance. */
  #front(name) {
    return {
      exchange: async (request) => {
        if (this.#crew.isSilent(name)) throw new Error("no route to host");
        if (request.body.length > FRONT_LIMIT_BYTES) {
          this.#trace.say("front", () => `drops ${request.body.length} bytes of ${name}`);
          this.#witness.droppedAtFront(name, request);
          return response(413, "{}");
        }
        const answered = await this.#answer(request);
        this.#witness.answered(request, answered);
        return answered;
      }
    };
  }
  async #answer({ url, headers, body }) {
    const { pathname: path } = new URL(url);
    try {
      return await this.#lambda.invoke(`api ${path.slice(4)}`, API_TIMEOUT_MS, async ({ api }, invocation) => {
        const reply = await api.answer({
          method: "POST",
          path,
          body: RequestBody.of(Buffer.from(body)),
          authorization: headers.Authorization,
          timeLeftMs: () => invocation.timeLeftMs()
        });
        return response(reply.status, reply.body);
      });
    } catch (error) {
      if (!(error instanceof Died)) throw error;
      return response(502, "Temporary trouble: keep your data and come again.");
    }
  }
  #reported(event, fields) {
    this.#trace.say("report", () => `${event} ${JSON.stringify(fields).slice(0, 400)}`);
    const error = String(fields.error ?? "");
    if (!event.endsWith("_failed") || /Refused|throttled|was lost|OutOfBudget/.test(error)) return;
    this.#violate(`${event}: ${error}`);
  }
  #violate(what) {
    if (this.#violations.length < 20) this.#violations.push(`${this.#trace.at(this.#clock.now())} ${what}`);
    this.#trace.say("VIOLATION", () => what);
  }
  async #check() {
    this.#witness.check();
    this.#checkSums();
    this.#checkProbes();
    for (const member of this.#crew.members) this.#checkAgent(member);
    await this.#checkQueues();
    if (this.#sink.quarantined.length > 0) this.#violate(`${this.#sink.quarantined.length} bodies were quarantined`);
  }
  /** Every task there ever was is in the ledger, once. */
  #checkSums() {
    const { ledger } = this.#stores;
    const all = [...this.#tasks, ...this.#probes];
    for (const { arn } of all) if (!ledger.record(arn)) this.#violate(`the ledger never heard of ${arn}`);
    const recorded = ledger.records.filter(({ kind }) => kind === "ecs-task").length;
    if (recorded !== all.length) this.#violate(`${all.length} tasks, and ${recorded} in the ledger`);
  }
  #checkProbes() {
    for (const { arn, host } of this.#probes) {
      const record2 = this.#stores.ledger.record(arn);
      const verdict = record2 && this.#verdict(record2);
      if (verdict?.verdict !== "seen")
        this.#violate(`${arn} lived in the calm on ${host.instanceId} and is ${JSON.stringify(verdict)}`);
    }
  }
  #checkAgent({ name, agent, host, enrollments, kept, retired }) {
    if (retired || host.down) return;
    const { logs, pendingQueries } = agent.database;
    const beforeSeconds = (this.#clock.now() - DRAINED_WITHIN_MS) / SECOND_MS4;
    const old = [...logs.keys()].filter((key) => Number(key.split("_")[1]) < beforeSeconds);
    if (old.length > 0) this.#violate(`${name} still holds ${old.length} log lines that are older than 90 s`);
    if (pendingQueries.size > 0) this.#violate(`${name} still holds ${pendingQueries.size} queries it has not run`);
    if (kept.length > 0) this.#violate(`${name} still holds answers that were never taken: ${kept.join(", ")}`);
    if (enrollments > MOST_ENROLLMENTS) this.#violate(`${name} enrolled ${enrollments} times in the calm`);
  }
  /** Of hosts whose agents poll, nothing that was asked in the calm still waits, and nothing is in flight for ever. */
  async #checkQueues() {
    const { hosts } = this.#stores;
    const nowMs = this.#clock.now();
    const before = nowMs - DRAINED_WITHIN_MS;
    const down = new Set(this.#hosts.flatMap((host) => host.down ? [host.instanceId, host.hostname] : []));
    for (const name of hosts.names) {
      if (down.has(name)) continue;
      const { node, deliveries, pending } = await hosts.open(name);
      const calm = pending.filter(({ queuedAtMs }) => queuedAtMs > EPOCH_MS + this.#stormMs && queuedAtMs < before);
      const waiting = calm.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
      const isPolled = lives(node, nowMs) && node.lastSeenMs > nowMs - SILENT_MS;
      if (isPolled && waiting.length > 0)
        this.#violate(`${waiting.length} queries asked in the calm still wait for ${name}`);
      const stuck = deliveries.filter(({ leaseUntilMs }) => leaseUntilMs < before);
      if (isPolled && stuck.length > 0) this.#violate(`${stuck.length} deliveries of ${name} are never given up`);
    }
  }
  #verdict(record2) {
    return verdictOf(record2, this.#clock.now());
  }
  #counts(nowMs) {
    const counts = {
      minutes: (nowMs - EPOCH_MS) / MINUTE_MS3,
      agents: this.#crew.members.length,
      tasks: this.#tasks.length,
      stored: this.#sink.taken,
      ...this.#lambda.counts,
      ...this.#witness.counts
    };
    const add = (name, by = 1) => {
      counts[name] = (counts[name] ?? 0) + by;
    };
    for (const [name, times] of Object.entries(this.#weather.struck)) add(`fault ${name}`, times);
    for (const [name, times] of Object.entries(this.#queue.counts)) add(`events ${name}`, times);
    for (const record2 of this.#stores.ledger.records) {
      const verdict = this.#verdict(record2);
      add(`verdict ${verdict.verdict}${verdict.verdict === "missed" ? ` ${verdict.reason}` : ""}`);
    }
    return counts;
  }
};
var response = (status, body) => ({ status, headers: {}, body: Buffer.from(body) });

// ../../../tmp/w.mts
var from = Number(process.argv[2] ?? 1);
var n = Number(process.argv[3] ?? 20);
var total = {};
var t0 = process.cpuUsage();
var bad = 0;
for (let seed = from; seed < from + n; seed++) {
  const c0 = process.cpuUsage();
  const r = await runWorld(seed, { trace: process.argv[4] === "trace" });
  const c = process.cpuUsage(c0);
  for (const [k, v] of Object.entries(r.counts)) total[k] = (total[k] ?? 0) + v;
  if (process.argv[4] === "trace") console.log(r.trace.join("\n"));
  if (r.violations.length) {
    bad++;
    console.log(`seed ${seed} (${Math.round((c.user + c.system) / 1e3)} ms cpu)`, r.violations.slice(0, 3).map((v) => v.slice(0, 300)));
  }
}
var t = process.cpuUsage(t0);
console.log({ bad, n, cpuMsPerSeed: Math.round((t.user + t.system) / 1e3 / n) });
console.log(Object.entries(total).map(([k, v]) => `${k}=${Math.round(v)}`).join(" "));
