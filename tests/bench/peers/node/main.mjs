// Measure one peer on one trace or in one crowd; arguments and output are
// those of the program in ../rust/src/main.rs. Needs node --expose-gc.
import { basename } from 'node:path'
import { backwards, onePlace } from './crowds.mjs'
import { Report } from './measure.mjs'
import { load } from './trace.mjs'
import { measure } from './traces.mjs'

const peers = {
  'diamond-wasm': async () => (await import('./diamond.mjs')).Diamond,
  yjs: async () => (await import('./yjs.mjs')).Yjs,
  'json-joy': async () => (await import('./jsonjoy.mjs')).JsonJoy
}

const [name, what, ...args] = process.argv.slice(2)
const Peer = await peers[name]()

if (what === 'trace') {
  const [file, out, budget] = args
  measure(Peer, load(file), new Report(name, basename(file, '.json.gz'), Number(budget)), out)
} else {
  const [n, budget] = args.map(Number)
  const crowd = { 'one-place': onePlace, backwards }[what]
  crowd(Peer, n, new Report(name, `${what}-${n}`, budget))
}
