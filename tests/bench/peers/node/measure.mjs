// CPU time, memory, and lines of JSON that say what was measured.
import { writeSync } from 'node:fs'

/** CPU seconds this process has used, all threads together. */
export function cpu() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Thrown when the time for a step is up; says how far it came: 0 .. 1. */
export class GaveUp extends Error {
  constructor(howFar) {
    super('time is up')
    this.howFar = howFar
  }
}

/** Call step(i) for i in 0 .. n - 1, with a look at the clock every stride. */
export function each(n, stride, budget, step) {
  const start = cpu()
  for (let i = 0; i < n; i++) {
    if (i % stride === 0 && cpu() - start > budget) throw new GaveUp(i / n)
    step(i)
  }
}

/** Bytes that the result of work takes: the heap and buffers beside it. */
export function heap(work) {
  const used = () => {
    for (let i = 0; i < 4; i++) globalThis.gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const kept = work()
  const bytes = used() - before
  return { bytes, kept } // kept is alive until here
}

/** Where results go: one line of JSON each, written at once. */
export class Report {
  constructor(peer, on, budget) {
    this.peer = peer
    this.on = on
    this.budget = budget // CPU seconds for one run of one step
  }

  line(key, rest) {
    writeSync(1, JSON.stringify({ peer: this.peer, on: this.on, key, ...rest }) + '\n')
  }

  start(key) {
    this.line(key, { start: true })
  }

  value(key, value) {
    this.line(key, { value, runs: 1 })
  }

  gaveUp(key, error) {
    if (!(error instanceof GaveUp)) throw error
    this.line(key, { gave_up: error.howFar, runs: 1 })
  }

  /**
   * Time a step, in ms: run returns the CPU seconds of its timed part. Median
   * of 25 runs; of 5, 3 and 1 when one takes over 0.05, 1 and 4 s.
   */
  time(key, run) {
    const seconds = []
    let runs = 1

    this.start(key)
    while (seconds.length < runs) {
      try {
        seconds.push(run())
      } catch (error) {
        this.gaveUp(key, error)
        return
      }
      const first = seconds[0]
      runs = first > 4 ? 1 : first > 1 ? 3 : first > 0.05 ? 5 : 25
    }
    seconds.sort((a, b) => a - b)
    this.line(key, { value: seconds[runs >> 1] * 1e3, runs })
  }
}
