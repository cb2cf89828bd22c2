// Carries one scenario out in a lab: applications of both kinds at work through every way, the fault, its healing, and what
// was found afterwards.
import { setTimeout as pause } from 'node:timers/promises'
import { TABLE } from '../accounts.ts'
import { Application } from '../application/application.ts'
import { type ApplicationRecord, type ClientKind, now } from '../application/record.ts'
import { ClusterWatch } from '../cluster-watch.ts'
import { rowsOf } from '../direct-query.ts'
import type { Lab, LabHost } from '../port.ts'
import { clusterDowntime, type Evidence, type Marks, measure, type Server } from '../results/measure.ts'
import { brokenPromises, brokenSpecially } from '../results/promises.ts'
import type { ClientResult, ScenarioResult } from '../results/result.ts'
import { strip } from '../results/strip.ts'
import { until } from '../until.ts'
import { hasEffect } from './effects.ts'
import type { Scenario, Target } from './scenario.ts'

const CLIENTS: readonly ClientKind[] = ['pg-ha', 'pg.Pool']
const WARM_MILLIS = 120_000
const CALM_MILLIS = 1500
const EFFECT_MILLIS = 60_000
const WHOLE_MILLIS = 120_000
const RECOVERY_MILLIS = 30_000
const LAST_MILLIS = 1000

type KeysByHost = ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, number>>>

export interface Setting {
  readonly lab: Lab
  /** The bundled application. */
  readonly program: string
}

/** Rejects where the cluster itself did not do what the scenario needs; what the clients did is in the result. */
export async function runScenario({ lab, program }: Setting, scenario: Scenario): Promise<ScenarioResult> {
  await prepare(lab, scenario)
  const applications = lab.ways.flatMap((way) =>
    CLIENTS.map(
      (client) =>
        new Application(program, {
          way: way.name,
          id: `${way.name} ${client}`,
          ...{ client, url: way.url, writes: way.writes, reads: way.reads, table: TABLE },
          whoSql: lab.whoSql,
          poolOptions: scenario.poolOptions ?? {},
        }),
    ),
  )
  const watch = new ClusterWatch(lab)
  watch.start()
  try {
    return await play({ lab, scenario, applications, watch })
  } finally {
    for (const application of applications) await application[Symbol.asyncDispose]()
    await watch.stop()
  }
}

async function prepare(lab: Lab, { onPreferred, synchronous }: Scenario): Promise<void> {
  await lab.untilReady()
  const [preferred] = lab.hosts
  if (onPreferred && preferred !== undefined) await lab.makePrimary?.(preferred)
  if (synchronous) await lab.setSynchronous?.(true)
  const primary = await lab.primary()
  if (primary === undefined) throw new Error('The lab has no primary')
  await rowsOf(lab.directUrl(primary), `truncate ${TABLE}`)
}

interface Stage {
  readonly lab: Lab
  readonly scenario: Scenario
  readonly applications: readonly Application[]
  readonly watch: ClusterWatch
}

async function play(stage: Stage): Promise<ScenarioResult> {
  const { lab, scenario, applications, watch } = stage
  await allWorking(applications, { what: 'Every application to begin', since: 1, millis: WARM_MILLIS })
  const beganAt = now()
  await pause(CALM_MILLIS)
  const before = await lab.primary()
  if (before === undefined) throw new Error('The lab lost its primary before the fault')
  const victims = await Promise.all(
    scenario.breaks.flatMap(({ fault, on }) =>
      targets(stage, { before, on }).map((host) => ({ fault, host })),
    ),
  )
  const faultAt = now()
  await Promise.all(victims.map(({ fault, host }) => lab.faults[fault]?.inject(host)))
  await until(() => hasEffect(scenario.effect, { watch, lab, before, faultAt }), {
    what: `The effect of ${scenario.name} (${scenario.effect})`,
    millis: EFFECT_MILLIS,
  })
  const effectAt = now()
  await pause(scenario.holdMillis)
  // A manager that says nothing for the moment is not asked for its opinion: the newest history is the true one.
  const named = (await lab.primary()) ?? watch.newestPrimary ?? null
  const elsewhere = await keysOf(
    lab,
    watch.hostsThatAre('primary').filter(({ name }) => name !== named?.name),
  )
  const healedAt = now()
  for (const { fault, host } of victims) await lab.faults[fault]?.heal(host)
  await lab.untilReady(WHOLE_MILLIS)
  if (scenario.synchronous) await lab.setSynchronous?.(false)
  const wholeAt = now()
  const ours = applications.filter(({ options }) => options.client === 'pg-ha')
  // Whether it came to that is judged from the records.
  await allWorking(ours, { what: 'pg-ha to work again', since: wholeAt, millis: RECOVERY_MILLIS }).catch(
    () => {},
  )
  await pause(LAST_MILLIS)
  const endedAt = now()
  const records = await Promise.all(applications.map((application) => application.stop()))
  await watch.stop()
  const after = await lab.primary()
  if (after === undefined) throw new Error('The lab has no primary in the end')
  const held = await keysOf(lab, [after])
  const marks = { beganAt, faultAt, effectAt, healedAt, wholeAt, endedAt }
  return conclude(stage, { marks, records, elsewhere, held, primaries: { before, named, after } })
}

interface Findings {
  readonly marks: Marks
  readonly records: readonly ApplicationRecord[]
  readonly elsewhere: KeysByHost
  readonly held: KeysByHost
  readonly primaries: { readonly before: LabHost; readonly named: LabHost | null; readonly after: LabHost }
}

function conclude({ lab, scenario, applications, watch }: Stage, findings: Findings): ScenarioResult {
  const { marks, records, elsewhere, held, primaries } = findings
  const { before, named, after } = primaries
  const sightings = watch.sightings
  const isUndisturbed = sightings.every(({ at }) => at < marks.faultAt)
  const downtimeMillis = clusterDowntime(sightings, marks)
  const clients = applications.map(({ options, way }, index): ClientResult => {
    const record = records[index] ?? { operations: [], messages: {}, signs: [] }
    const evidence: Evidence = {
      ...{ marks, sightings, hosts: lab.hosts.map(serverOf), finalPrimary: serverOf(after) },
      truePrimary: named === null ? null : serverOf(named),
      held: held.get(after.name)?.get(options.id) ?? new Map(),
      heldElsewhere: new Map(
        [...elsewhere].map(([host, keys]) => [host, new Set(keys.get(options.id)?.keys() ?? [])]),
      ),
    }
    const measures = measure(record, evidence)
    const isHostList = options.writes.length === lab.hosts.length
    const { messages } = record
    const subject = { scenario, messages, downtimeMillis, isHostList, isUndisturbed }
    const certain = brokenPromises(measures, subject)
    const faults = [...certain, ...brokenSpecially(measures, subject)]
    return {
      ...{ way, client: options.client, measures, messages, signs: record.signs },
      writes: strip(
        record.operations.filter(({ kind }) => kind === 'write'),
        marks,
      ),
      reads: strip(
        record.operations.filter(({ kind }) => kind === 'read'),
        marks,
      ),
      faults: options.client === 'pg-ha' ? faults : [],
      mayBeSlowness: certain.length === 0,
    }
  })
  const { name, area, title, cluster } = scenario
  return {
    ...{ lab: lab.name, name, area, title, cluster, marks, sightings, holdings: watch.holdings, clients },
    hosts: lab.hosts.map((host) => host.name),
    primaries: [before.name, named?.name ?? null, after.name],
    downtimeMillis,
    effectMillis: Math.round(marks.effectAt - marks.faultAt),
    returnMillis: Math.round(marks.wholeAt - marks.healedAt),
  }
}

function serverOf({ name, self, address, port }: LabHost): Server {
  return { name, self, place: `${address}:${port}` }
}

function targets({ lab, watch }: Stage, { before, on }: { before: LabHost; on: Target }): readonly LabHost[] {
  const standbys = lab.hosts.filter(({ name }) => name !== before.name)
  const holding = lab.hosts.filter(({ name }) => watch.holders.includes(name))
  switch (on) {
    case 'primary':
      return [before]
    case 'standby':
      return standbys.slice(0, 1)
    case 'standbys':
      return standbys
    case 'holder':
      return holding
    case 'backup':
      return lab.hosts.slice(0, 2).filter((host) => !holding.includes(host))
  }
}

async function allWorking(
  applications: readonly Application[],
  { what, since, millis }: { what: string; since: number; millis: number },
): Promise<void> {
  const idle = (): readonly Application[] =>
    applications.filter((application) => !application.hasWorkedSince(since))
  await until(() => idle().length === 0, { what, millis }).catch((error: Error) => {
    const names = idle().map(({ options, state }) => `${options.id} (${state})`)
    throw new Error(`${error.message}: ${names.join(', ')}`)
  })
}

/** How often each host holds each key, by application. */
async function keysOf(lab: Lab, hosts: readonly LabHost[]): Promise<KeysByHost> {
  const found = new Map<string, Map<string, Map<string, number>>>()
  for (const host of hosts) {
    const sql = `select app, key, count(*)::int as times from ${TABLE} group by app, key`
    const rows = await rowsOf<{ app: string; key: string; times: number }>(lab.directUrl(host), sql).catch(
      () => [],
    )
    const byApp = new Map<string, Map<string, number>>()
    for (const { app, key, times } of rows) byApp.set(app, (byApp.get(app) ?? new Map()).set(key, times))
    found.set(host.name, byApp)
  }
  return found
}
