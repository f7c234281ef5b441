import { accessSync, constants, existsSync, statfsSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { memoryAdviceOn, peakedText } from '../core/memoryAdvice.ts'
import { stagingPrefix } from '../core/names.ts'
import { shareText } from '../core/poolText.ts'
import { plural, sizeText } from '../core/sizes.ts'
import { findCommand } from '../io/commands.ts'
import { describeErrno } from '../io/disk.ts'
import { userName } from '../io/lock.ts'
import { memoryBytes } from '../io/memory.ts'
import { processors } from '../io/ruleFiles.ts'
import { openSharedSlots } from '../io/sharedSlots.ts'
import type { SharedPool } from '../model/ports.ts'
import type { Pool, Rule } from '../model/rule.ts'
import { checkLeftovers, type Finding } from './leftovers.ts'
import { type CommonOptions, type ExitCode, exitCodes } from './options.ts'
import { paint, printable, sign, styleOf } from './terminal.ts'
import { type OpenWorkspace, openWorkspace } from './workspace.ts'

/** `labmake doctor`: what is missing or wrong here, each with its remedy. Changes nothing that lasts. */
export async function doctorCommand(options: CommonOptions): Promise<ExitCode> {
  const workspace = await openWorkspace(options.directory)
  const findings = [
    ...checkRules(workspace),
    ...workspace.ruleSet.rules.flatMap((rule) => checkRecipe(rule, workspace.root)),
    ...checkPools(workspace),
    ...checkSharedPools(workspace),
    ...checkMemory(workspace),
    ...checkDisk(workspace.root),
    ...(await checkLeftovers(workspace)),
  ]
  const wrong = findings.some((f) => f.level === 'wrong')
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ workspace: workspace.root, findings })}\n`)
  } else {
    const style = styleOf(process.stdout, options.color)
    const signOf = { fine: sign(style, 'done'), note: paint(style, 'yellow', '!'), wrong: sign(style, 'failed') }
    for (const { level, text, hint } of findings) {
      process.stdout.write(`${signOf[level]} ${printable(text)}\n`)
      if (hint !== undefined) process.stdout.write(`    ${paint(style, 'dim', printable(hint))}\n`)
    }
    process.stdout.write(
      wrong ? 'Something is wrong here: see ✗ above.\n'.replace('✗', style.unicode ? '✗' : 'X') : 'All is well here.\n',
    )
  }
  return wrong ? exitCodes.unfinished : exitCodes.fine
}

function checkRules({ root, ruleSet, plan, journal }: OpenWorkspace): Finding[] {
  const files = new Set(ruleSet.rules.map((rule) => rule.file)).size
  const { plan: planned } = plan()
  const findings: Finding[] = [
    {
      level: 'fine',
      text: `workspace ${root}: ${plural(ruleSet.rules.length, 'rule')} in ${plural(files, 'file')}, ${plural(planned.jobs.length, 'job')}`,
    },
  ]
  if (ruleSet.rules.length === 0) {
    findings.push({ level: 'wrong', text: 'no rule can be used', hint: 'labmake init writes rules to start with.' })
  }
  for (const { where, message, hint } of planned.errors) {
    findings.push({ level: 'wrong', text: `${where}: ${message}`, ...(hint === undefined ? {} : { hint }) })
  }
  for (const { where, message } of planned.warnings) findings.push({ level: 'note', text: `${where}: ${message}` })
  if (journal.faults.length === 0) findings.push({ level: 'fine', text: 'the journal is whole' })
  return findings
}

function checkRecipe(rule: Rule, root: string): Finding[] {
  const first = rule.recipe.kind === 'script' ? ['bash'] : rule.recipe.words[0]
  const command = first?.[0]
  if (typeof command !== 'string' || first?.length !== 1) return []
  const found = findCommand(command, root)
  if (found !== undefined) return [{ level: 'fine', text: `rule ${rule.name} runs ${found}` }]
  const hint = `Install ${command}, or put its folder on the PATH of whoever starts labmake.`
  return [{ level: 'wrong', text: `rule ${rule.name}: there is no command ${command} here`, hint }]
}

function checkPools({ ruleSet }: OpenWorkspace): Finding[] {
  const memory = memoryBytes()
  return [...ruleSet.pools.values()].map(({ name, slots, counts, where }): Finding => {
    const text = `pool ${name}: ${shareText(slots, counts)} (${where})`
    if (counts === 'bytes' && slots > memory) {
      return { level: 'note', text: `${text}, but there are ${sizeText(memory)} of memory here` }
    }
    if (name !== 'cpu' || slots <= processors) return { level: 'fine', text }
    return { level: 'note', text: `${text}, but this machine has ${processors} processors` }
  })
}

/** What other workspaces of the machine have of the shared pools, and whether all agree on them. */
function checkSharedPools({ root, ruleSet }: OpenWorkspace): Finding[] {
  const shared = [...ruleSet.pools.values()].filter((pool) => pool.shared)
  if (shared.length === 0) return []
  const port = openSharedSlots({ root, user: userName() })
  const look = port.look(new Map(shared.map((pool) => [pool.name, pool])))
  port.close()
  if (look.status === 'shut') return [{ level: 'wrong', text: look.problem, hint: look.hint }]
  return shared.flatMap((pool) => {
    const seen = look.pools.get(pool.name)
    return seen === undefined ? [] : sharedFindings(pool, seen)
  })
}

function sharedFindings({ name, counts }: Pool, { slots, usedByOthers, holders, differs }: SharedPool): Finding[] {
  const findings: Finding[] = holders.map((holder) => {
    const has = `${shareText(holder.slots, counts)} of ${counts === 'bytes' ? shareText(slots, counts) : slots}`
    return { level: 'fine', text: `pool ${name} is shared: ${has} taken in ${holder.root} (${holder.user})` }
  })
  if (differs === undefined) {
    return usedByOthers > 0
      ? findings
      : [...findings, { level: 'fine', text: `pool ${name} is shared: nobody else uses it now` }]
  }
  const there = `the shared pool ${name} has ${shareText(differs.slots, differs.counts)} in ${differs.root} (${differs.user})`
  const difference: Finding =
    differs.counts === counts
      ? {
          level: 'note',
          text: `${there}: the smallest number counts, ${counts === 'bytes' ? shareText(slots, counts) : slots}`,
          hint: 'Give it the same number in both.',
        }
      : {
          level: 'wrong',
          text: `${there}, and ${shareText(slots, counts)} here: nothing of it can be had`,
          hint: 'Let both count slots or both memory; what runs by the other has to end first.',
        }
  return [...findings, difference]
}

/** Whether as many jobs as the pools let run fit into the memory of the machine, by what they used before. */
function checkMemory({ ruleSet, journal }: OpenWorkspace): Finding[] {
  const peaks = journal.peaks()
  const advice = memoryAdviceOn(ruleSet.rules, peaks, { pools: ruleSet.pools, memoryBytes: memoryBytes() })
  return [
    ...advice.map(({ text, isTooMuch, hint }): Finding => {
      return { level: isTooMuch ? 'note' : 'fine', text, ...(hint === undefined ? {} : { hint }) }
    }),
    // One may be left out since it does not say how much it needs: this is what it is to say.
    ...ruleSet.rejected.flatMap(({ name }): Finding[] => {
      const past = peaks.get(name)
      return past === undefined ? [] : [{ level: 'fine', text: `${name} ${peakedText(past)}` }]
    }),
  ]
}

/** Less than this free, and the next recording may not fit. */
const lowBytes = 10e9

function checkDisk(root: string): Finding[] {
  const findings: Finding[] = []
  const { bavail, bsize } = statfsSync(root)
  const free = Number(bavail) * Number(bsize)
  const text = `${(free / 1e9).toFixed(0)} GB are free`
  findings.push(
    free < lowBytes
      ? { level: 'note', text, hint: 'A recording and its targets may need more.' }
      : { level: 'fine', text },
  )
  for (const folder of ['data', 'inbox', '.labmake']) {
    if (!existsSync(`${root}/${folder}`)) continue
    try {
      accessSync(`${root}/${folder}`, constants.W_OK)
    } catch (error) {
      findings.push({
        level: 'wrong',
        text: `${folder}/ cannot be written: ${describeErrno(error)}`,
        hint: 'Ask whoever owns it for write permission.',
      })
    }
  }
  return [...findings, ...checkClock(root)]
}

/** A file server whose clock differs makes new files look old, or dated in the future. */
function checkClock(root: string): Finding[] {
  const probe = `${root}/${stagingPrefix}clock`
  try {
    writeFileSync(probe, '')
    const apartSeconds = Math.abs(statSync(probe).mtimeMs - Date.now()) / 1000
    unlinkSync(probe)
    if (apartSeconds < 5) return [{ level: 'fine', text: 'file times agree with the clock' }]
    const hint = 'Without a journal, file times decide: let both use the same time server.'
    return [
      { level: 'note', text: `file times here differ from this machine's clock by ${apartSeconds.toFixed(0)} s`, hint },
    ]
  } catch (error) {
    return [{ level: 'wrong', text: `nothing can be written in ${root}: ${describeErrno(error)}` }]
  }
}
