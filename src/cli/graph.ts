import { withPrerequisites } from '../core/goals.ts'
import { shownPath } from '../model/job.ts'
import type { Plan, PlannedJob } from '../model/plan.ts'
import type { Rule } from '../model/rule.ts'
import { planNamed } from './namedPlan.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { openAsKnown } from './recall.ts'

export interface GraphOptions extends CommonOptions {
  readonly format: 'mermaid' | 'dot'
  /** Every job instead of every rule. */
  readonly jobs: boolean
}

interface Drawing {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly state: string }[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

/** `labmake graph`: how the rules hang together, or all jobs of what is named, as Mermaid or DOT. */
export async function graphCommand(goals: readonly string[], options: GraphOptions): Promise<ExitCode> {
  const workspace = await openAsKnown(options.directory)
  const { rules } = workspace.ruleSet
  const { planned, named } = planNamed(
    workspace,
    goals.map((goal) => workspace.goal(goal)),
  )
  const { plan } = planned
  const drawing =
    options.jobs || goals.length > 0 ? drawJobs(plan, withPrerequisites(plan, named)) : drawRules(rules, plan)
  process.stdout.write(`${(options.format === 'dot' ? dot(drawing) : mermaid(drawing)).join('\n')}\n`)
  return exitCodes.fine
}

function drawRules(rules: readonly Rule[], plan: Plan): Drawing {
  const pairs = new Set<string>()
  for (const { job } of plan.jobs) {
    for (const id of job.prerequisites) pairs.add(`${plan.byId.get(id)?.job.rule.name} ${job.rule.name}`)
  }
  const nodes = rules.map((rule) => {
    const targets = rule.targets.map(({ pattern }) => shownPath({ path: pattern.text, isFolder: pattern.isFolder }))
    return { id: rule.name, label: `${rule.name}\n${targets.join('\n')}`, state: '' }
  })
  const edges = [...pairs].map((pair) => {
    const [from = '', to = ''] = pair.split(' ')
    return { from, to }
  })
  const outside = rules.flatMap((rule) => {
    if (edges.some((edge) => edge.to === rule.name)) return []
    return rule.sources.map(({ pattern }) => {
      const label = shownPath({ path: pattern.text, isFolder: pattern.isFolder })
      return { node: { id: label, label, state: 'source' }, edge: { from: label, to: rule.name } }
    })
  })
  const sources = new Map(outside.map(({ node }) => [node.id, node]))
  return { nodes: [...sources.values(), ...nodes], edges: [...outside.map((o) => o.edge), ...edges] }
}

function drawJobs(plan: Plan, named: ReadonlySet<string>): Drawing {
  const jobs = plan.jobs.filter(({ job }) => named.has(job.id))
  return {
    nodes: jobs.map(({ job, verdict }: PlannedJob) => ({ id: job.id, label: job.id, state: verdict.state })),
    edges: jobs.flatMap(({ job }) =>
      job.prerequisites.filter((id) => named.has(id)).map((from) => ({ from, to: job.id })),
    ),
  }
}

function mermaid({ nodes, edges }: Drawing): string[] {
  const ids = new Map(nodes.map((node, i) => [node.id, `n${i}`]))
  const text = (label: string) => label.replaceAll('"', '#quot;').replaceAll('\n', '<br/>')
  return [
    'flowchart LR',
    ...nodes.map((n) => `  ${ids.get(n.id)}["${text(n.label)}"]${n.state === '' ? '' : `:::${n.state}`}`),
    ...edges.map((e) => `  ${ids.get(e.from)} --> ${ids.get(e.to)}`),
    '  classDef stale stroke:#36c,stroke-width:2px',
    '  classDef protected stroke:#c90,stroke-width:2px',
    '  classDef waiting stroke-dasharray:4',
    '  classDef source fill:none,stroke-dasharray:2',
  ]
}

function dot({ nodes, edges }: Drawing): string[] {
  const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
  const look = (state: string) =>
    state === 'waiting' || state === 'source' ? ', style=dashed' : state === 'stale' ? ', style=bold' : ''
  return [
    'digraph labmake {',
    '  rankdir=LR; node [shape=box];',
    ...nodes.map((n) => `  ${quote(n.id)} [label=${quote(n.label)}${look(n.state)}];`),
    ...edges.map((e) => `  ${quote(e.from)} -> ${quote(e.to)};`),
    '}',
  ]
}
